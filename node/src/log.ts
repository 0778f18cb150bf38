import { native } from './native';

/** How grave a record is. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** One record of what goes on inside. */
export interface LogRecord {
  /** How grave. */
  readonly level: LogLevel;
  /** Where it comes from, such as `"spark_t2i::submit"`. */
  readonly target: string;
  /** What it says, with its fields as `name=value`: no key and no prompt. */
  readonly message: string;
}

// As the native part numbers them.
const LEVELS: { readonly [level in LogLevel]: number } = { trace: 5, debug: 10, info: 20, warn: 30, error: 40 };
const NONE = 50;

let current: ((record: LogRecord) => void) | null = null;

/**
 * Hands the log records of all clients of this thread to `logger`, from now on and in place of the one before; `null` ends
 * that. By itself this package writes nothing.
 *
 * A record of another thread's client may be among them: the native part is one for the whole process.
 *
 * @param logger called a little later than what it tells of; what it throws is an uncaught exception
 * @param level the least that is handed on
 */
export function setLogger(logger: ((record: LogRecord) => void) | null, level: LogLevel = 'info'): void {
  const number = logger === null ? NONE : LEVELS[level];
  if (number === undefined) {
    throw new TypeError(`there is no level ${String(level)}; there is ${Object.keys(LEVELS).join(', ')}`);
  }
  current = logger;
  native.listen(number);
}

/** Hands one on. */
export function logged(number: string, target: string, message: string): void {
  const level = (Object.keys(LEVELS) as LogLevel[]).find((name) => LEVELS[name] === Number(number)) ?? 'error';
  current?.(Object.freeze({ level, target, message }));
}
