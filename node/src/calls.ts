/** Calls of the native part as promises: nothing here waits on this thread. */

import { build } from './build';
import { SparkT2iError } from './errors';
import { logged } from './log';
import { native } from './native';
import type { CallOptions } from './options';

/** The number of a call of the native part, which it has until its end is taken or it is forgotten. */
export type Call = number;

/** Of a crowd that is ready at once, so many are told in one turn of the event loop: it must stay responsive. */
const AT_ONCE = 16;

/** Who waits for a call. */
const waiting = new Map<Call, () => void>();
/** Those of them whose turn has come. */
let due: Call[] = [];
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
  const now = due.slice(0, AT_ONCE);
  due = due.slice(AT_ONCE);
  isScheduled = due.length > 0;
  if (isScheduled) {
    setImmediate(tell);
  }
  for (const call of now) {
    const wake = waiting.get(call);
    waiting.delete(call);
    wake?.();
  }
  hold();
}

/** Waits until the call has something; as long as somebody waits, the process stays alive. One at a time for each call. */
export function ready(call: Call): Promise<void> {
  return new Promise((resolve) => {
    waiting.set(call, resolve);
    hold();
    native.wake(call);
  });
}

/** The calls that end with a signal. There is one listener for all of them, and none where there are none. */
const ending = new WeakMap<AbortSignal, Set<Call>>();

function abort(this: AbortSignal): void {
  for (const call of ending.get(this) ?? []) {
    native.cancel(call);
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

/** Begins a call and waits for its end. What comes in between (an abort, a failing `onItem`) cancels it. */
export async function finish<Result, Item = never>(
  { signal }: CallOptions,
  begin: () => Call,
  onItem?: ((item: Item) => unknown) | null,
): Promise<Result> {
  throwIfAborted(signal);
  const call = begin();
  follow(signal, call);
  try {
    for (;;) {
      const found = native.poll(call);
      if (found === null) {
        await ready(call);
      } else if (found[0]) {
        return found[1] as Result;
      } else {
        await onItem?.(found[1] as Item);
      }
    }
  } catch (error) {
    native.forget(call);
    throw explained(error, signal);
  } finally {
    unfollow(signal, call);
  }
}
