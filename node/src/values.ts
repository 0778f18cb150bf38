/** What the service and the client tell: plain frozen objects. */

import type { SparkT2iError } from './errors';

/** A whole number that somebody else has chosen: beyond 2^53 - 1, where a number would be rounded, it is a bigint. */
export type Integer = number | bigint;

/** Money or another decimal number, as a text with every digit as it came, such as `"0.035714285714"`. */
export type Decimal = string;

/** The state of a task. A word that this version does not know is kept as it came, and is no end. */
export type Status = 'queued' | 'running' | 'completed' | 'failed' | (string & {});

/**
 * What happened to a task while it was waited for: the service took it, it waits its turn, it is being generated, it could
 * not be asked for (the next try follows), it is done, or it (or the waiting) failed.
 */
export type EventKind = 'submitted' | 'queued' | 'running' | 'retrying' | 'completed' | 'failed' | (string & {});

/** What a task used and cost. */
export interface Usage {
  /** The total cost in USD. */
  readonly cost: Decimal | null;
  /** The discount, as the service gave it. */
  readonly discount: Decimal | null;
  /** Tokens that went in. */
  readonly inputTokens: Integer | null;
  /** Tokens that came out. */
  readonly outputTokens: Integer | null;
  /** All tokens. */
  readonly totalTokens: Integer | null;
}

/** One generated thing. */
export interface Content {
  /** What it is: `"image"`. */
  readonly type: string | null;
  /** Where it can be fetched. Such addresses may expire. */
  readonly url: string | null;
  /** The size of the file in bytes. */
  readonly size: Integer | null;
  /** The identifier of the job behind the task. */
  readonly jobId: string | null;
}

/** One element of a task's output. */
export interface Output {
  /** What was generated. */
  readonly content: readonly Content[];
}

/** The reason that the service gave for a failure. */
export interface ServerError {
  /** The nine digits of the code; null where there was none, or one of another form (it stands in the message). */
  readonly code: string | null;
  /** What happened, in the service's words. */
  readonly message: string;
}

/** The service's own times of a task, in Unix seconds with a fraction. */
export interface Metadata {
  /** When it was queued. */
  readonly inQueueUnix: number | null;
  /** When the image was stored. */
  readonly uploadUnix: number | null;
  /** When it was completed. */
  readonly completedUnix: number | null;
}

/**
 * What one answer of the service said about a task. A field that the service did not send, or that cannot be read, is
 * null; `raw` has the whole answer.
 */
export interface TaskSnapshot {
  /** The identifier; null where the answer has none. */
  readonly id: string | null;
  /** The state. */
  readonly status: Status;
  /** The model. */
  readonly model: string | null;
  /** When the task was created, in Unix seconds. */
  readonly createdUnix: Integer | null;
  /** How much is done, 0.0 to 1.0. */
  readonly progress: number | null;
  /** The results, of a completed task. */
  readonly output: readonly Output[];
  /** What it cost, of a completed task. */
  readonly usage: Usage | null;
  /** Why it failed. */
  readonly error: ServerError | null;
  /** The service's own times. */
  readonly metadata: Metadata;
  /** The answer's JSON text, with every field that this package does not know. */
  readonly raw: string;
}

/** What a request would probably cost, as the service estimates it. */
export interface Estimate {
  /** The cost, exactly as the service gave it. */
  readonly cost: Decimal;
  /** The currency, such as `"USD"`. */
  readonly currency: string | null;
  /** The discount, as the service gave it. */
  readonly discount: Decimal | null;
  /** How the model is billed. */
  readonly billingModel: string | null;
  /** The model. */
  readonly model: string | null;
  /** How many earlier tasks the estimate rests on. */
  readonly sampleCount: Integer | null;
  /** When it was made, in Unix milliseconds, as `new Date` takes them. */
  readonly updatedUnixMs: Integer | null;
  /** The answer's JSON text. */
  readonly raw: string;
}

/** Something that happened to a task while it was waited for. The last one is completed or failed. */
export interface TaskEvent {
  /** What happened. */
  readonly kind: EventKind;
  /** The task. */
  readonly taskId: string;
  /** How long the task has been known here, in seconds: since its submit, or since the waiting began. */
  readonly elapsedSeconds: number;
  /** How much is done, 0.0 to 1.0, of a running task, where the service tells it. */
  readonly progress: number | null;
  /** How long until the next try, in seconds, of a retry. */
  readonly delaySeconds: number | null;
  /** Why the task could not be asked for (retrying), or why it or the waiting failed (failed). */
  readonly error: SparkT2iError | null;
  /** What the service said of a completed task. */
  readonly snapshot: TaskSnapshot | null;
}

/** A file that was saved: whole, checked and synced. */
export interface Saved {
  /** Where it is. */
  readonly path: string;
  /** Its length in bytes. */
  readonly bytes: number;
  /** What it is by its own signature, such as `"png"`. */
  readonly format: string;
  /** Pixels from left to right, where its head tells them (PNG). */
  readonly width: number | null;
  /** Pixels from top to bottom, where its head tells them (PNG). */
  readonly height: number | null;
}

/** A rule of the specification that a request breaks. */
export interface Violation {
  /** The nine digits of its code; null where the specification has none: an unknown parameter. */
  readonly code: string | null;
  /** The parameter; `"size"` where width and height do not fit each other. */
  readonly field: string;
  /** What is wrong, and what would be right. */
  readonly message: string;
}

/** Advice that keeps nobody from sending. */
export interface ParameterWarning {
  /** The parameter. */
  readonly field: string;
  /** What should be known. */
  readonly message: string;
}

/** The verdict on a request. */
export interface Report {
  /** Whether no rule is broken. */
  readonly valid: boolean;
  /** The broken rules, every one of them; none in a valid request. */
  readonly violations: readonly Violation[];
  /** Advice that keeps nobody from sending. */
  readonly warnings: readonly ParameterWarning[];
}

/** How late completions were noticed, in seconds. */
export interface LagStats {
  /** Over how many completions. */
  readonly count: number;
  /** The mean; null where there is none. */
  readonly mean: number | null;
  /** What 95 of 100 stayed within, to within 3 %. */
  readonly p95: number | null;
}

/** What a client has done since it was made. */
export interface Stats {
  /** Requests sent to create a task, repetitions included. */
  readonly createRequests: number;
  /** Requests sent to read a task. */
  readonly statusRequests: number;
  /** Requests sent to estimate a cost. */
  readonly estimateRequests: number;
  /** Requests sent to image hosts, redirects and resumptions included. */
  readonly downloadRequests: number;
  /** How many of all these repeated one that had failed. */
  readonly retries: number;
  /** Tasks created. */
  readonly submitted: number;
  /** Submits of which nobody can say whether the service took them. */
  readonly outcomesUnknown: number;
  /** Tasks seen completed. */
  readonly completed: number;
  /** Tasks seen failed. */
  readonly failed: number;
  /** Waits under way now. */
  readonly waiting: number;
  /** Tasks waited for now that were last seen queued. */
  readonly queued: number;
  /** Tasks waited for now that were last seen running. */
  readonly running: number;
  /** How late completions were noticed, over those that the service dated and whose date can be believed. */
  readonly lagSeconds: LagStats;
  /**
   * What a request for the state of a task is worth at present, in seconds of lag: `pollCost`, or more while
   * `maxRequestsPerSecond` does not allow as many as that would be worth.
   */
  readonly pollPrice: number;
  /** Requests a second that may be sent at present: `maxRequestsPerSecond`, or less after a 429; null: no limit. */
  readonly requestsPerSecondAllowed: number | null;
  /** Requests a second that were sent over about the last second. */
  readonly requestsPerSecondUsed: number;
  /** Bytes of images received. */
  readonly downloadedBytes: number;
  /** The exact sum of what all tasks seen ended have cost, in USD; every task counts once. */
  readonly cost: Decimal;
}

/** What is known of an image without fetching it. */
export interface AboutImage {
  readonly taskId: string;
  readonly url: string;
  readonly size: Integer | null;
  readonly jobId: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly snapshot: TaskSnapshot;
}
