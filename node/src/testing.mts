export { Emulator } from './testing.js';
export type * from './testing.js';
