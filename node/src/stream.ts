import { type Call, explained, follow, ready, throwIfAborted, unfollow } from './calls';
import { SparkT2iError } from './errors';
import type { Generated, Requests } from './generated';
import { Image } from './image';
import { type Binding, native } from './native';
import type { CallOptions } from './options';
import { type ImageRequest, partsOfItem } from './request';
import type { TaskEvent } from './values';

/** The work of a stream that was neither taken to its end nor left: it ends when the stream is collected. */
const abandoned = new FinalizationRegistry<{ signal: AbortSignal | null | undefined; call: Call }>(({ signal, call }) => {
  end(signal, call);
});

function end(signal: AbortSignal | null | undefined, call: Call): void {
  unfollow(signal, call);
  native.forget(call);
}

/**
 * Something to loop over, once, with `for await`. It begins with the first `next`; leaving the loop (`break`, `return`,
 * `throw`) ends its work at once. A class, as `return` has to wait in an asynchronous generator for the `next` before it.
 */
abstract class Stream<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #signal: AbortSignal | null | undefined;
  #call: Call | null | undefined;
  #ready: Promise<void> | null = null;
  #before: Promise<unknown> = Promise.resolve();

  constructor({ signal }: CallOptions) {
    this.#signal = signal;
  }

  /** Begins the work. */
  protected abstract begin(): Call;

  /** The next item, of a call that has begun; undefined at the end. */
  protected abstract advance(call: Call): Promise<Item | undefined>;

  /** Whether the work was ended, by whoever left the loop. */
  protected get isLeft(): boolean {
    return this.#call === null;
  }

  /** Waits until the call has something. */
  protected ready(call: Call): Promise<void> {
    this.#ready ??= ready(call).finally(() => (this.#ready = null));
    return this.#ready;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. Several may be asked for at once; they come in turn. */
  next(): Promise<IteratorResult<Item, undefined>> {
    const result = this.#before.then(() => this.#next());
    this.#before = result.catch(() => {});
    return result;
  }

  async #next(): Promise<IteratorResult<Item, undefined>> {
    try {
      if (this.#call === undefined) {
        throwIfAborted(this.#signal);
        this.#call = this.begin();
        follow(this.#signal, this.#call);
        abandoned.register(this, { signal: this.#signal, call: this.#call }, this);
      }
      const value = this.#call === null ? undefined : await this.advance(this.#call);
      if (value !== undefined) {
        return { done: false, value };
      }
    } catch (error) {
      // Whoever left wants no error of what was left.
      if (!this.isLeft) {
        this.stop();
        throw explained(error, this.#signal);
      }
    }
    this.stop();
    return { done: true, value: undefined };
  }

  /** Ends the work at once. Tasks at the service go on. */
  protected stop(): void {
    const call = this.#call;
    this.#call = null;
    if (call != null) {
      abandoned.unregister(this);
      end(this.#signal, call);
    }
  }

  /** Leaves the loop. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Leaves the loop with an error. */
  throw(error: unknown): Promise<IteratorResult<Item, undefined>> {
    this.stop();
    return Promise.reject(error);
  }
}

/** What happens to a task, as it happens. */
export class EventStream extends Stream<TaskEvent> {
  readonly #begin: () => Call;

  constructor(options: CallOptions, begin: () => Call) {
    super(options);
    this.#begin = begin;
  }

  protected override begin(): Call {
    return this.#begin();
  }

  protected override async advance(call: Call): Promise<TaskEvent | undefined> {
    for (;;) {
      const found = native.poll(call);
      if (found !== null) {
        return found[0] ? undefined : (found[1] as TaskEvent);
      }
      await this.ready(call);
    }
  }
}

type Outcome = [index: number, image: Binding.Kept | null, error: SparkT2iError | null];

/** Milliseconds that requests are taken before others have their turn: each takes a moment to begin. */
const PATIENCE = 2;

/** Many images, in the order of their completion. */
export class ImageStream extends Stream<Generated> {
  readonly #client: Binding.Client;
  readonly #timeout: number | null | undefined;
  readonly #requests: Requests;
  #many: Binding.Many | undefined;
  /** None when it has been taken to its end. */
  #source: Iterator<unknown> | AsyncIterator<unknown> | null | undefined;
  /** What an asynchronous source was asked for and has not given yet. */
  #pull: Promise<void> | null = null;
  #pulled: IteratorResult<unknown> | null = null;
  #failed: { readonly error: unknown } | null = null;
  #taken = 0;
  readonly #inFlight = new Map<number, string | ImageRequest>();
  /** Those that could not even begin. */
  readonly #refused: Outcome[] = [];
  #wake: (() => void) | undefined;

  constructor(client: Binding.Client, requests: Requests, options: CallOptions) {
    super(options);
    this.#client = client;
    this.#timeout = options.timeout;
    this.#requests = requests;
  }

  protected override begin(): Call {
    const requests = this.#requests;
    this.#source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
    this.#many = this.#client.many();
    return this.#many.call();
  }

  protected override async advance(call: Call): Promise<Generated | undefined> {
    for (;;) {
      const isFull = this.#fill();
      const outcome = this.#refused.shift() ?? (native.poll(call)?.[1] as Outcome | undefined);
      if (outcome !== undefined) {
        return this.#generated(outcome);
      }
      if (!isFull) {
        await new Promise(setImmediate);
      } else if (this.#inFlight.size > 0 || this.#pull !== null) {
        await this.#changed(call);
      } else if (this.#source === null || this.isLeft) {
        return undefined;
      }
    }
  }

  #generated([index, image, error]: Outcome): Generated {
    const request = this.#inFlight.get(index) as string | ImageRequest;
    this.#inFlight.delete(index);
    return Object.freeze({ index, request, image: image && Image.of(this.#client, image), error }) as Generated;
  }

  /** Takes what the source has now, as far as there is room. False where time was up before. */
  #fill(): boolean {
    const begin = performance.now();
    while (this.#source != null && this.#inFlight.size < this.#client.maxInFlight) {
      if (this.#failed !== null) {
        throw this.#failed.error;
      }
      if (performance.now() - begin > PATIENCE) {
        return false;
      }
      const taken = this.#pulled ?? this.#take(this.#source);
      this.#pulled = null;
      if (taken === null) {
        break;
      }
      if (taken.done) {
        this.#source = null;
      } else {
        this.#add(taken.value);
      }
    }
    return true;
  }

  /** The next request; null where it is not there yet. */
  #take(source: Iterator<unknown> | AsyncIterator<unknown>): IteratorResult<unknown> | null {
    if (this.#pull !== null) {
      return null;
    }
    const taken = source.next();
    if (!(taken instanceof Promise) && !('then' in taken)) {
      return taken;
    }
    this.#pull = (taken as Promise<IteratorResult<unknown>>)
      .then(
        (result) => void (this.#pulled = result),
        (error: unknown) => void (this.#failed = { error }),
      )
      .finally(() => {
        this.#pull = null;
        this.#wake?.();
      });
    return null;
  }

  #add(item: unknown): void {
    const index = this.#taken++;
    this.#inFlight.set(index, item as string | ImageRequest);
    try {
      const { parameters, model } = partsOfItem(index, item);
      this.#many?.add(index, parameters, model, this.#timeout);
    } catch (error) {
      if (!(error instanceof SparkT2iError)) {
        throw error;
      }
      this.#refused.push([index, null, error]);
    }
  }

  /** Waits until something is done, the source has given something, or the work is left. */
  #changed(call: Call): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      void this.ready(call).then(resolve);
    });
  }

  protected override stop(): void {
    super.stop();
    const source = this.#source;
    this.#source = null;
    this.#wake?.();
    if (source != null) {
      // As a loop does that is left. What it says to that is nobody's any more.
      void (async () => source.return?.())().catch(() => {});
    }
  }
}
