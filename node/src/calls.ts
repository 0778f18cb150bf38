/** Calls of the native part as promises: nothing here waits on this thread. */

import { AsyncResource } from 'node:async_hooks';

import { build } from './build';
import { rejection, SparkT2iError } from './errors';
import { logged } from './log';
import { native } from './native';
import type { WaitOptions } from './options';
import type { TaskEvent } from './values';

/** The number of a call of the native part, which it has until its end is taken or it is forgotten. */
export type Call = number;

/** Of a crowd that is ready at once, so many are told in one turn of the event loop: it must stay responsive. */
const AT_ONCE = 8;

/** Somebody who waits for a call. */
interface Waiting {
  /** It has something. */
  told(): void;
}

/** Who waits for which. */
const waiting = new Map<Call, Waiting>();
/** Those of them whose turn has come. */
const due: Call[] = [];
let isScheduled = false;
let isHeld = false;

/** Keeps the process alive as long as somebody waits. */
function hold(): void {
  if (isHeld !== waiting.size > 0) {
    isHeld = !isHeld;
    native.hold(isHeld);
  }
}

native.start(build, () => {
  for (const news of native.takeNews()) {
    if (typeof news === 'number') {
      due.push(news);
    } else {
      logged(...news);
    }
  }
  if (!isScheduled) {
    tell();
  }
});

function tell(): void {
  const now = due.splice(0, AT_ONCE);
  isScheduled = due.length > 0;
  if (isScheduled) {
    setImmediate(tell);
  }
  for (const call of now) {
    const who = waiting.get(call);
    waiting.delete(call);
    who?.told();
  }
  hold();
}

/** Has it told when the call has something; as long as somebody waits, the process stays alive. One at a time for each call. */
function wait(call: Call, who: Waiting): void {
  waiting.set(call, who);
  hold();
  native.wake(call);
}

/** Waits until the call has something. */
export function ready(call: Call): Promise<void> {
  return new Promise((told) => wait(call, { told }));
}

/** The calls that end with a signal. There is one listener for all of them, and none where there are none. */
const ending = new WeakMap<AbortSignal, Set<Call>>();

/** Those whose `onProgress` has not settled yet; an abort does not wait for that. */
const paused = new Map<Call, Finish<unknown>>();

function abort(this: AbortSignal): void {
  for (const call of ending.get(this) ?? []) {
    native.cancel(call);
    paused.get(call)?.resume(true);
  }
}

/** Ends the call with the signal. */
export function follow(signal: AbortSignal | null | undefined, call: Call): void {
  if (signal == null) {
    return;
  }
  let calls = ending.get(signal);
  if (calls === undefined) {
    calls = new Set();
    ending.set(signal, calls);
    signal.addEventListener('abort', abort);
  }
  calls.add(call);
}

/** No more of that. */
export function unfollow(signal: AbortSignal | null | undefined, call: Call): void {
  const calls = signal == null ? undefined : ending.get(signal);
  if (signal != null && calls?.delete(call) && calls.size === 0) {
    ending.delete(signal);
    signal.removeEventListener('abort', abort);
  }
}

/** Refuses to begin what was aborted before, so that nothing is sent and paid. */
export function throwIfAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted) {
    const message = 'the call was aborted before it began: nothing was sent';
    throw new SparkT2iError({ kind: 'cancelled', message, charged: 'no', retryable: true, cause: signal.reason });
  }
}

/** What is thrown in place of an error: the one of an aborted call has the reason of its signal. */
export function explained(error: unknown, signal: AbortSignal | null | undefined): unknown {
  if (signal?.aborted && error instanceof SparkT2iError && error.kind === 'cancelled') {
    Object.defineProperty(error, 'cause', { value: signal.reason, configurable: true, writable: true });
  }
  return error;
}

/**
 * A call that is waited for to its end. Not an asynchronous function: thousands of these live at once, for long, and what the
 * frames of such functions hold would be most of what they take.
 */
class Finish<Result> implements Waiting {
  constructor(
    private readonly call: Call,
    private readonly signal: AbortSignal | null | undefined,
    private readonly onProgress: WaitOptions['onProgress'],
    private readonly make: (found: never) => Result,
    private readonly resolve: (result: Result | Promise<never>) => void,
  ) {}

  told(isAborted = false): void {
    try {
      for (let found = native.poll(this.call); found !== null; found = native.poll(this.call)) {
        if (found[0]) {
          unfollow(this.signal, this.call);
          this.resolve(this.make(found[1] as never));
          return;
        }
        const told = isAborted ? null : this.onProgress?.(found[1] as TaskEvent);
        if (told != null) {
          paused.set(this.call, this as Finish<unknown>);
          void Promise.resolve(told).then(
            () => this.resume(),
            (error: unknown) => paused.delete(this.call) && this.failed(error),
          );
          return;
        }
      }
      wait(this.call, this);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Goes on, where it was paused. */
  resume(isAborted = false): void {
    if (paused.delete(this.call)) {
      this.told(isAborted);
    }
  }

  private failed(error: unknown): void {
    unfollow(this.signal, this.call);
    native.forget(this.call);
    this.resolve(rejection(explained(error, this.signal)));
  }
}

/** To be called later as if from here: with the caller's `AsyncLocalStorage`. */
function fromHere(onProgress: WaitOptions['onProgress']): WaitOptions['onProgress'] {
  return onProgress == null ? onProgress : AsyncResource.bind((event: TaskEvent) => onProgress(event));
}

/**
 * Begins a call, waits for its end, and makes a result of what was found. What comes in between (an abort, a failing
 * `onProgress`) cancels it. Whatever goes wrong, the options and the beginning included, is a rejection.
 *
 * `begin` and `make` are best given in place, without names: the bundler keeps names, by giving each function made at run
 * time a property of its own, which costs more than the rest of the call's object.
 */
export function finish<Result>(
  options: WaitOptions,
  begin: () => Call,
  make: (found: never) => Result = (found) => found,
): Promise<Result> {
  return new Promise((resolve) => {
    const { signal, onProgress } = options;
    throwIfAborted(signal);
    const call = begin();
    follow(signal, call);
    wait(call, new Finish(call, signal, fromHere(onProgress), make, resolve));
  });
}
