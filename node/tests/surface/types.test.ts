/** What the compiler must take, and what it must refuse: this file is compiled with everything else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  type CallOptions,
  Client,
  type ClientOptions,
  type Decimal,
  type ErrorKind,
  type EventKind,
  type Generated,
  type Image,
  type Integer,
  type SparkT2iError,
  type Status,
  Task,
  type TaskEvent,
} from 'spark-t2i';

type Equal<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;

/** Nothing but a place for the compiler to look at. */
export async function taken(client: Client, task: Task, signal: AbortSignal): Promise<void> {
  const image: Image = await client.generate('a fox', { size: '16:9-2k', seed: 7n, signal, timeout: 5 });
  await client.generate({ prompt: 'a fox', width: 1024, height: 768 }, { signal, onProgress: (event) => event.progress });
  await client.submit('a fox', { size: '2560x1440', usePreLlm: false });
  await client.submit('a fox', { size: [2560, 1440] as const });
  const bytes: Uint8Array = await image.bytes();
  new Blob([await image.bytes()]);
  const cost: Decimal | null = image.cost;
  const size: Integer | null = image.size;
  const status: Status | null = task.status;
  switch (status) {
    case 'queued':
    case 'running':
    case 'completed':
    case 'failed':
    case 'a word of tomorrow':
    case null:
  }
  for await (const event of task.events({ signal })) {
    const kind: EventKind = event.kind;
    const error: SparkT2iError | null = event.error;
    void [kind, error];
  }
  for await (const { image, error, index } of client.generateMany(new Set(['a fox']))) {
    // Either, and never both.
    if (error === null) {
      await image.save(`${index}.png`);
    } else {
      const kind: ErrorKind = error.kind;
      const none: null = image;
      void [kind, none];
    }
  }
  const options: ClientOptions = { apiKey: undefined, headers: new Headers(), onOutcomeUnknown: 'resubmit' };
  void [bytes, cost, size, options];

  // @ts-expect-error: a text is no size
  void client.generate('a fox', { size: 'large' });
  // @ts-expect-error: nor is a number in a text a seed
  void client.generate('a fox', { seed: '7' });
  // @ts-expect-error: a request says everything
  void client.generate({ prompt: 'a fox' }, { seed: 7 });
  // @ts-expect-error: a request has a prompt
  void client.submit({ seed: 7 });
  // @ts-expect-error: this is no setting
  void new Client({ key: 'any' });
  // @ts-expect-error: one of two words
  void new Client({ onOutcomeUnknown: 'shrug' });
  // @ts-expect-error: tasks are made by clients
  void new Task();
  // @ts-expect-error: nothing of them changes
  (await task.refresh()).status = 'completed';
  // @ts-expect-error: submit has no progress
  void client.submit('a fox', { onProgress: () => {} });
}

export const CHECKED: [
  Equal<Awaited<ReturnType<Client['stats']>>['cost'], string>,
  Equal<IsAny<TaskEvent['kind']>, false>,
  Equal<IsAny<SparkT2iError['violations']>, false>,
  Equal<CallOptions['timeout'], number | null | undefined>,
  Equal<Generated['image'], Image | null>,
] = [true, true, true, true, true];

test('the compiler has looked at it', () => assert(CHECKED.every(Boolean)));
