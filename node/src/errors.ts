import type { Violation } from './values';

/**
 * What kind of thing went wrong: the same kinds with the same names in every language and on the command line. A kind
 * that is newer than this package is a text of its own.
 *
 * - `invalid_request`: the request breaks a rule: found before anything was sent, or by the service (400, 422)
 * - `authentication`: the key is missing, malformed or refused (401)
 * - `permission`: the key may not do this (403)
 * - `insufficient_balance`: the account has too little balance (402 or a balance code)
 * - `rate_limited`: too many requests (429), beyond the retries
 * - `timeout`: a deadline passed; the task goes on
 * - `connection`: no connection, or a service that cannot answer now (5xx), beyond the retries
 * - `protocol`: an answer that cannot be understood
 * - `not_found`: no such task, after a grace of 10 s, or no such endpoint (a wrong base URL)
 * - `task_failed`: the task ended without an image; `code` is the service's reason
 * - `outcome_unknown`: nobody can say whether the service took (and charged) a submit; it was not sent again
 * - `download`: the image could not be fetched, or is not what it should be
 * - `io`: a file could not be read or written, or exists already
 * - `cancelled`: by the caller; the task, if there is one, goes on
 * - `internal`: a bug of ours
 */
export type ErrorKind =
  | 'invalid_request'
  | 'authentication'
  | 'permission'
  | 'insufficient_balance'
  | 'rate_limited'
  | 'timeout'
  | 'connection'
  | 'protocol'
  | 'not_found'
  | 'task_failed'
  | 'outcome_unknown'
  | 'download'
  | 'io'
  | 'cancelled'
  | 'internal'
  | (string & {});

/** Whether what failed was charged: certainly not, certainly, or nobody on this side can say. */
export type Charged = 'no' | 'yes' | 'unknown' | (string & {});

/** The fields of a {@link SparkT2iError} as a plain object: what `JSON.stringify(error)` writes. */
export interface SparkT2iErrorJSON {
  /** `"SparkT2iError"`, or `"AbortError"`. */
  readonly name: string;
  /** See {@link SparkT2iError.message}. */
  readonly message: string;
  /** See {@link SparkT2iError.kind}. */
  readonly kind: ErrorKind;
  /** See {@link SparkT2iError.code}. */
  readonly code: string | null;
  /** See {@link SparkT2iError.violations}. */
  readonly violations: readonly Violation[];
  /** See {@link SparkT2iError.httpStatus}. */
  readonly httpStatus: number | null;
  /** See {@link SparkT2iError.taskId}. */
  readonly taskId: string | null;
  /** See {@link SparkT2iError.retryable}. */
  readonly retryable: boolean;
  /** See {@link SparkT2iError.charged}. */
  readonly charged: Charged;
  /** See {@link SparkT2iError.retryAfterSeconds}. */
  readonly retryAfterSeconds: number | null;
  /** See {@link SparkT2iError.body}. */
  readonly body: string | null;
  /** The causes, outermost first, in one line. */
  readonly cause: string | null;
}

/** What an error can be made of: what is left out is nothing, or as `internal` errors have it. */
export type SparkT2iErrorFields = Partial<Omit<SparkT2iErrorJSON, 'cause'>> & {
  readonly message: string;
  readonly cause?: unknown;
};

/**
 * What goes wrong in this package; `kind` says what.
 *
 * It never holds the key, and what comes from outside is made harmless for a terminal before it gets in. What is not known
 * of an error is `null`, and not shown by `console.log`.
 */
export class SparkT2iError extends Error {
  /** The kind. */
  declare readonly kind: ErrorKind;
  /** The nine digits of the specification's code, such as `"003001002"`. */
  declare readonly code: string | null;
  /** Every rule that the request breaks. */
  declare readonly violations: readonly Violation[];
  /** The status of the HTTP answer that told the error. */
  declare readonly httpStatus: number | null;
  /** The task, from the moment that its id is known: `client.task(error.taskId).wait()` takes it up again. */
  declare readonly taskId: string | null;
  /** Whether the same call may succeed later without anything being changed, and without paying twice. */
  declare readonly retryable: boolean;
  /** Whether it was charged. */
  declare readonly charged: Charged;
  /** How long the service asked to wait before the next try, in seconds. */
  declare readonly retryAfterSeconds: number | null;
  /** The body of the answer that could not be understood, cut to 4 KiB: it may hold the id of a task. */
  declare readonly body: string | null;
  /** The causes, outermost first, in one line; of an aborted call the reason of its signal. */
  declare readonly cause?: unknown;

  /** An error with these fields, for tests; this package makes its own. */
  constructor(fields: SparkT2iErrorFields) {
    super();
    // The name follows from the kind.
    const { message, cause, name: _, ...known } = fields;
    for (const [name, value] of Object.entries(known)) {
      if (value != null && FIELDS.has(name) && !(Array.isArray(value) && value.length === 0)) {
        Object.defineProperty(this, name, { value, enumerable: true, configurable: true });
      }
    }
    if (cause != null) {
      Object.defineProperty(this, 'cause', { value: cause, configurable: true, writable: true });
    }
    if (this.kind === 'cancelled') {
      // What everybody looks for who aborts something.
      Object.defineProperty(this, 'name', { value: 'AbortError', configurable: true });
    }
    trace(this, message, new.target);
  }

  /** Every field: `JSON.stringify(error)` keeps them all. */
  toJSON(): SparkT2iErrorJSON {
    const { name, message, kind, code, violations, httpStatus, taskId, retryable, charged } = this;
    const { retryAfterSeconds, body } = this;
    const cause = this.cause == null ? null : String(this.cause);
    return { name, message, kind, code, violations, httpStatus, taskId, retryable, charged, retryAfterSeconds, body, cause };
  }

  /**
   * The error that {@link toJSON} was made of, on the other side of a message, a worker or a file.
   *
   * `structuredClone` and `postMessage` keep of every Error, of whatever class, no more than its message, stack and cause:
   * send `error.toJSON()`, which they keep whole.
   *
   * Throws a TypeError for what is none.
   */
  static from(fields: SparkT2iErrorFields): SparkT2iError {
    if (fields instanceof SparkT2iError) {
      return fields;
    }
    if (typeof fields !== 'object' || fields === null || typeof fields.message !== 'string' || !('kind' in fields)) {
      throw new TypeError('these are not the fields of a SparkT2iError: give what its toJSON() returned');
    }
    return new SparkT2iError(fields);
  }
}

/** What an error has of which nothing is known: on the prototype, so that `console.log` shows only what is known. */
const UNKNOWN = {
  name: 'SparkT2iError',
  kind: 'internal',
  code: null,
  violations: Object.freeze([]),
  httpStatus: null,
  taskId: null,
  retryable: false,
  charged: 'unknown',
  retryAfterSeconds: null,
  body: null,
};
const FIELDS: ReadonlySet<string> = new Set(Object.keys(UNKNOWN));
for (const [name, value] of Object.entries(UNKNOWN)) {
  Object.defineProperty(SparkT2iError.prototype, name, { value, configurable: true });
}

/** Writes down where this is called, without what is above `below`. */
function trace(error: SparkT2iError, message: string, below: Function): void {
  const { code, taskId } = error;
  const task = taskId == null || message.includes(taskId) ? '' : ` (task ${taskId})`;
  const shown = `${message}${code == null ? '' : ` (code ${code})`}${task}`;
  // The first line is the message with code and task, and the field is the message alone. It is written when it is read.
  Object.defineProperty(error, 'message', { value: shown, configurable: true, writable: true });
  Error.captureStackTrace?.(error, below);
  void error.stack;
  Object.defineProperty(error, 'message', { value: message, configurable: true, writable: true });
}

/** Rejects with an error that says who waits for it: with the functions that await what this promise is resolved into. */
export async function rejection(error: unknown): Promise<never> {
  // They are not known before the promise has been taken for the one that they wait for, which takes a turn.
  await undefined;
  await undefined;
  if (error instanceof SparkT2iError) {
    trace(error, error.message, rejection);
  }
  throw error;
}
