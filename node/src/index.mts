// One copy of everything, whichever way it is imported: classes and settings are the same for both.
export { Client, Image, setLogger, SparkT2iError, Task, validate, version } from './index.js';
export type * from './index.js';
