/**
 * What stands in one file when it is packed: a `require` takes as long as it has files to read. Users see of it what
 * `index.d.ts` and `testing.d.ts` say.
 */

export * from './index';
export { Emulator } from './testing';
