import type { TaskEvent } from './values';

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call at once when it is aborted: with an error of kind `cancelled`, called `AbortError`, whose `cause` is the
   * signal's reason and whose `taskId` is the task, which goes on at the service. A call that has its result keeps it.
   */
  signal?: AbortSignal | null | undefined;
  /** How long the whole call may take, in seconds; in place of the client's `waitTimeout`. */
  timeout?: number | null | undefined;
}

/** What calls take that wait for a task. */
export interface WaitOptions extends CallOptions {
  /** Called with each event. What it throws, or rejects with, ends the call and comes out of it; a promise is awaited. */
  onProgress?: ((event: TaskEvent) => unknown) | null | undefined;
}
