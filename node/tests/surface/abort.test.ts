/** An AbortSignal ends a call at once, and nothing of it is left. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, describe, test } from 'node:test';

import { Client, type SparkT2iError } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

import { KEY, QUICK, rejection, Server, sleep } from '../support.js';

const FOX = 'a red fox in the snow';
/** Far more than it may take, far less than what is waited for. */
const AT_ONCE = 1;

let emulator: Emulator;
let client: Client;
let server: Server;
let unanswered: Client;

before(async () => {
  emulator = await Emulator.start({ latency: 60 });
  client = emulator.client(QUICK);
  server = await Server.start();
  server.isSilent = true;
  unanswered = new Client({ apiKey: KEY, baseUrl: server.url });
});
after(async () => {
  await emulator.stop();
  server.stop();
});

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

async function aborted(call: (signal: AbortSignal) => Promise<unknown>): Promise<SparkT2iError> {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error('enough');
  const called = rejection(call(signal));
  await sleep(0.2);
  assert.equal(listeners(signal), 1);
  const begin = performance.now();
  controller.abort(reason);
  const error = await called;
  assert(performance.now() - begin < AT_ONCE * 1000);
  assert.equal(error.kind, 'cancelled');
  assert.equal(error.name, 'AbortError');
  assert.equal(error.cause, reason);
  assert.equal(listeners(signal), 0);
  return error;
}

describe('a call is ended', () => {
  const drained = async (items: AsyncIterable<unknown>) => {
    for await (const _ of items);
  };
  const calls: { [name: string]: (signal: AbortSignal) => Promise<unknown> } = {
    generate: (signal) => client.generate(FOX, { signal }),
    'generate with progress': (signal) => client.generate(FOX, { signal, onProgress: () => {} }),
    'generate, whose onProgress never settles': (signal) =>
      client.generate(FOX, { signal, onProgress: () => new Promise<void>(() => {}) }),
    wait: async (signal) => (await client.submit(FOX)).wait({ signal }),
    events: async (signal) => drained((await client.submit(FOX)).events({ signal })),
    generateMany: (signal) => drained(client.generateMany([FOX, FOX], { signal })),
    refresh: (signal) => unanswered.task('t-1').refresh({ signal }),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      const error = await aborted(call);
      assert(error.taskId, 'the task that goes on');
      assert(error.message.includes(error.taskId), error.message);
      assert.equal(client.stats().waiting, 0);
    });
  }

  test('submit, of which nobody can say whether it was charged', async () => {
    const error = await aborted((signal) => unanswered.submit(FOX, { signal }));
    assert.equal(error.taskId, null);
    assert.equal(error.charged, 'unknown');
  });

  test('estimate', async () => {
    await aborted((signal) => unanswered.estimate(FOX, { signal }));
  });

  test('a task that was not waited for any more goes on', async () => {
    const { taskId } = await aborted((signal) => client.generate(FOX, { signal }));
    const snapshot = await client.task(taskId ?? '').refresh();
    assert(snapshot.status === 'running' || snapshot.status === 'queued');
  });
});

test('what was aborted before it began sends nothing', async () => {
  const before = server.bodies.length;
  const signal = AbortSignal.abort('why not');
  const calls = [
    () => unanswered.generate(FOX, { signal }),
    () => unanswered.submit(FOX, { signal }),
    () => unanswered.estimate(FOX, { signal }),
    () => unanswered.task('t-1').wait({ signal }),
    () => unanswered.task('t-1').refresh({ signal }),
    () => unanswered.task('t-1').events({ signal }).next(),
    () => unanswered.generateMany([FOX], { signal }).next(),
  ];
  for (const call of calls) {
    const error = await rejection(call());
    assert.equal(error.kind, 'cancelled');
    assert.equal(error.cause, 'why not');
    assert.equal(error.charged, 'no');
  }
  assert.equal(server.bodies.length, before);
  assert.equal(listeners(signal), 0);
});

test('AbortSignal.timeout', async () => {
  const error = await rejection(client.generate(FOX, { signal: AbortSignal.timeout(100) }));
  assert.equal(error.kind, 'cancelled');
  assert.equal((error.cause as DOMException).name, 'TimeoutError');
});

test('a call that ends by itself leaves no listener', async () => {
  const quick = await Emulator.start({ latency: 0.05 });
  const { signal } = new AbortController();
  const made = quick.client(QUICK);
  const image = await made.generate(FOX, { signal, width: 512, height: 512 });
  await image.bytes({ signal });
  await rejection(made.generate('', { signal }));
  for await (const _ of (await made.submit(FOX, { signal })).events({ signal })) {
    break;
  }
  for await (const _ of made.generateMany([FOX, FOX], { signal })) {
    break;
  }
  await new Response(image.stream({ signal })).arrayBuffer();
  assert.equal(listeners(signal), 0);
  await quick.stop();
});

test('one signal for a thousand calls: one listener, no warning', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 1000 }, () => rejection(unanswered.task('t-1').wait({ signal })));
  await sleep(0.1);
  assert.equal(listeners(signal), 1);
  controller.abort();
  for (const error of await Promise.all(calls)) {
    assert.equal(error.cause, signal.reason);
  }
  assert.equal(listeners(signal), 0);
  assert.equal(unanswered.stats().waiting, 0);
  await sleep(0.05);
  process.off('warning', warn);
  assert.deepEqual(warnings, []);
});

test('a call that has its result keeps it', async () => {
  const quick = await Emulator.start({ latency: 0.05 });
  const controller = new AbortController();
  const image = await quick.client(QUICK).generate(FOX, { signal: controller.signal, width: 512, height: 512 });
  controller.abort();
  assert((await image.bytes()).length > 0);
  await quick.stop();
});
