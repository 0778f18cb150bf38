/**
 * The client of `spark_t2i_3_0`, a text-to-image service: send a prompt, get an image.
 *
 * ```ts
 * import { Client } from 'spark-t2i';
 *
 * const client = new Client(); // the key is in SPARK_T2I_API_KEY
 * const image = await client.generate('a red fox in the snow', { size: '16:9-2k', seed: 42 });
 * await image.save('fox.png');
 * ```
 *
 * @packageDocumentation
 */

export { Client, type ClientOptions, type GenerateOptions, type SubmitOptions } from './client';
export {
  type Charged,
  type ErrorKind,
  SparkT2iError,
  type SparkT2iErrorFields,
  type SparkT2iErrorJSON,
} from './errors';
export type { Generated, Requests } from './generated';
export { Image, type SaveOptions } from './image';
export { type LogLevel, type LogRecord, setLogger } from './log';
export type { CallOptions, WaitOptions } from './options';
export {
  type ImageParameters,
  type ImageRequest,
  type Size,
  type SizePreset,
  validate,
} from './request';
export { Task } from './task';
export type {
  Content,
  Decimal,
  Estimate,
  EventKind,
  Integer,
  LagStats,
  Metadata,
  Output,
  ParameterWarning,
  Report,
  Saved,
  ServerError,
  Stats,
  Status,
  TaskEvent,
  TaskSnapshot,
  Usage,
  Violation,
} from './values';
export { version } from './version';
