/** Calls of the native part as promises: nothing here waits on this thread. */

import { build } from './build';
import { SparkT2iError } from './errors';
import { logged } from './log';
import { type Binding, native } from './native';
import type { CallOptions } from './options';

/** Of a crowd that is ready at once, so many are told in one turn of the event loop: it must stay responsive. */
const AT_ONCE = 16;

/** Those who wait, by their number among the news. */
const waiting = new Map<number, () => void>();
let lastNumber = 0;
/** Those of them whose turn has come. */
let due: number[] = [];
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
  for (const number of now) {
    const wake = waiting.get(number);
    waiting.delete(number);
    wake?.();
  }
  hold();
}

/** Waits until the call has something; as long as somebody waits, the process stays alive. One at a time for each call. */
export function ready(call: Binding.Call): Promise<void> {
  return new Promise((resolve) => {
    do {
      lastNumber = (lastNumber + 1) >>> 0;
    } while (waiting.has(lastNumber));
    waiting.set(lastNumber, resolve);
    hold();
    call.wake(lastNumber);
  });
}

/** The calls that end with a signal. There is one listener for all of them, and none where there are none. */
const ending = new WeakMap<AbortSignal, Set<Binding.Call>>();

function abort(this: AbortSignal): void {
  for (const call of ending.get(this) ?? []) {
    call.cancel();
  }
}

/** Ends the call with the signal. */
export function follow(signal: AbortSignal | null | undefined, call: Binding.Call): void {
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
export function unfollow(signal: AbortSignal | null | undefined, call: Binding.Call): void {
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
  begin: () => Binding.Call,
  onItem?: ((item: Item) => unknown) | null,
): Promise<Result> {
  throwIfAborted(signal);
  const call = begin();
  follow(signal, call);
  try {
    for (;;) {
      const found = call.poll();
      if (found === null) {
        await ready(call);
      } else if (found[0]) {
        return found[1] as Result;
      } else {
        await onItem?.(found[1] as Item);
      }
    }
  } catch (error) {
    call.cancel();
    throw explained(error, signal);
  } finally {
    unfollow(signal, call);
  }
}
