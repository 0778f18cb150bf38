import { finish } from './calls';
import { Image } from './image';
import { inspect, shown } from './inspect';
import type { Binding } from './native';
import type { CallOptions, WaitOptions } from './options';
import { EventStream } from './stream';
import type { Status, TaskEvent, TaskSnapshot } from './values';

/**
 * A task of the service: its id and what was last seen of it; made by `client.submit` and `client.task`.
 *
 * Dropping it changes nothing at the service: the task goes on, and `client.task` finds it again by its id.
 */
export class Task {
  readonly #client: Binding.Client;
  readonly #native: Binding.Task;

  private constructor(client: Binding.Client, task: Binding.Task) {
    this.#client = client;
    this.#native = task;
  }

  /** @internal */
  static of(client: Binding.Client, task: Binding.Task): Task {
    return new Task(client, task);
  }

  /** The id: it finds the task again in any process and any language. */
  get id(): string {
    return this.#native.id;
  }

  /** The state last seen; null as long as the service was never asked. */
  get status(): Status | null {
    return this.snapshot?.status ?? null;
  }

  /** What the service last said of the task; null as long as it was never asked. */
  get snapshot(): TaskSnapshot | null {
    return this.#native.snapshot() as TaskSnapshot | null;
  }

  /** The JSON text of what the service last said, with every field that this package does not know. */
  get raw(): string | null {
    return this.snapshot?.raw ?? null;
  }

  /**
   * How long the service had completed the task before a wait noticed, in seconds. Null as long as it was not waited for to
   * its end, and where the service's times are not known well enough.
   */
  get lagSeconds(): number | null {
    return this.#native.lagSeconds;
  }

  /** The images of a task last seen completed; none of any other. */
  get images(): Image[] {
    return this.#native.images().map((kept) => Image.of(this.#client, kept));
  }

  /**
   * Waits until the task has ended, and returns its (first) image.
   *
   * Rejects with a {@link SparkT2iError}, which has the task's id: of kind `task_failed` with the service's code; `timeout`
   * (the task goes on); `not_found` after a grace of 10 s; `authentication`, `permission` and `insufficient_balance` at
   * once; `cancelled` when aborted (the task goes on).
   */
  wait(options: WaitOptions = {}): Promise<Image> {
    return finish(
      options,
      () => this.#native.wait(options.timeout, options.onProgress != null),
      (kept: Binding.Kept) => Image.of(this.#client, kept),
    );
  }

  /**
   * What happens to the task, as it happens. The last event is its end: completed, or failed with an error; a `timeout` that
   * has passed is such a failure.
   *
   * Nothing is asked before the loop begins, and leaving it stops the watching at once.
   */
  events(options: CallOptions = {}): AsyncIterableIterator<TaskEvent, undefined> {
    return new EventStream(options, () => this.#native.events(options.timeout));
  }

  /**
   * Asks the service once for the state of the task (and again after a failure that may pass).
   *
   * Rejects with a {@link SparkT2iError} of kind `not_found`, `authentication`, `permission`, `connection`, `rate_limited`,
   * `protocol`, `timeout` or `cancelled`; a failed task is none of these, it is a state.
   */
  refresh(options: CallOptions = {}): Promise<TaskSnapshot> {
    return finish(options, () => this.#native.refresh(options.timeout));
  }

  /** Its id and state, for JSON. */
  toJSON(): { id: string; status: Status | null } {
    return { id: this.id, status: this.status };
  }

  /** @internal */
  [inspect](...how: [number, object, never]): string {
    return shown('Task', this.toJSON(), ...how);
  }
}
