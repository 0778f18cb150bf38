/** What is looped over: events, and many images. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { type Client, type Generated, type ImageRequest, SparkT2iError } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

import { QUICK, rejection, sleep, until } from '../support.js';

const FOX = 'a red fox in the snow';
const SMALL = { width: 512, height: 512 } as const;

let quick: Emulator;
let slow: Emulator;
let client: Client;
let patient: Client;

before(async () => {
  quick = await Emulator.start({ latency: 0.05 });
  slow = await Emulator.start({ latency: 60 });
  client = quick.client(QUICK);
  patient = slow.client(QUICK);
});
after(async () => {
  await quick.stop();
  await slow.stop();
});
afterEach(() => {
  assert.equal(client.stats().waiting, 0, 'nothing is waited for any more');
  assert.equal(patient.stats().waiting, 0, 'nothing is waited for any more');
});

function prompts(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${FOX}, number ${number}`);
}

describe('events', () => {
  test('from the first to the last', async () => {
    const kinds = [];
    const task = await client.submit(FOX);
    for await (const event of task.events()) {
      assert.equal(event.taskId, task.id);
      kinds.push(event.kind);
    }
    assert.equal(kinds.at(-1), 'completed');
    assert.deepEqual(kinds, [...new Set(kinds)]);
  });

  test('of a task that fails end with its error', async () => {
    const failing = await Emulator.start({ latency: 0.05, failureRate: 1 });
    const task = await failing.client(QUICK).submit(FOX);
    const events = [];
    for await (const event of task.events()) {
      events.push(event);
    }
    const error = events.at(-1)?.error;
    assert(error instanceof SparkT2iError);
    assert.equal(error.kind, 'task_failed');
    assert.equal(error.code, '003001095');
    await failing.stop();
  });

  test('within a timeout end with that', async () => {
    const events = [];
    for await (const event of (await patient.submit(FOX)).events({ timeout: 0.2 })) {
      events.push(event);
    }
    assert.equal(events.at(-1)?.kind, 'failed');
    assert.equal(events.at(-1)?.error?.kind, 'timeout');
  });

  test('nothing is asked before the loop', async () => {
    const task = await patient.submit(FOX);
    const before = patient.stats().statusRequests;
    const events = task.events();
    await sleep(0.2);
    assert.equal(patient.stats().statusRequests, before);
    assert.equal(patient.stats().waiting, 0);
    assert.deepEqual(await events.return?.(), { done: true, value: undefined });
    assert.deepEqual(await events.next(), { done: true, value: undefined });
    assert.equal(patient.stats().statusRequests, before);
  });

  const ways: { [name: string]: () => Promise<void> } = {
    async break() {
      for await (const _ of (await patient.submit(FOX)).events()) {
        break;
      }
    },
    async return() {
      const inner = async () => {
        for await (const event of (await patient.submit(FOX)).events()) {
          return event;
        }
        return null;
      };
      assert(await inner());
    },
    async throw() {
      const inner = async () => {
        for await (const _ of (await patient.submit(FOX)).events()) {
          throw new RangeError('enough');
        }
      };
      await assert.rejects(inner(), RangeError);
    },
    async 'the iterator\'s own throw'() {
      const events = (await patient.submit(FOX)).events();
      await events.next();
      await assert.rejects(async () => events.throw?.(new RangeError('enough')), RangeError);
      assert.equal((await events.next()).done, true);
    },
  };
  for (const [name, leave] of Object.entries(ways)) {
    test(`${name} stops the watching`, async () => {
      await leave();
      assert.equal(patient.stats().waiting, 0);
    });
  }

  test('return ends a next that is waited for', async () => {
    const events = (await patient.submit(FOX)).events();
    await events.next();
    let next = events.next();
    for (;;) {
      // The last of those that come by themselves.
      const found = await Promise.race([next, sleep(0.5)]);
      if (found === undefined) {
        break;
      }
      next = events.next();
    }
    await events.return?.();
    assert.deepEqual(await next, { done: true, value: undefined });
  });

  test('several may be asked for at once', async () => {
    const events = (await client.submit(FOX)).events();
    const found = await Promise.all(Array.from({ length: 8 }, () => events.next()));
    const kinds = found.map((result) => (result.done ? 'done' : result.value.kind));
    assert.equal(kinds[kinds.indexOf('done') - 1], 'completed');
    assert.equal(kinds.at(-1), 'done');
  });
});

describe('many images', () => {
  async function every(items: AsyncIterable<Generated>): Promise<Generated[]> {
    const found = [];
    for await (const item of items) {
      found.push(item);
    }
    return found;
  }

  test('each once, with its request', async () => {
    const requests: (string | ImageRequest)[] = [...prompts(20), { prompt: FOX, ...SMALL, seed: 7n }];
    const found = await every(client.generateMany(requests));
    assert.equal(found.length, requests.length);
    assert.equal(new Set(found.map(({ index }) => index)).size, requests.length);
    for (const { index, request, image, error } of found) {
      assert.equal(request, requests[index]);
      assert.equal(error, null);
      assert(image?.taskId);
    }
    assert.equal(new Set(found.map(({ image }) => image?.taskId)).size, requests.length);
  });

  test('in the order of completion', async () => {
    const varied = await Emulator.start({ latency: 'lognormal:200ms:1', seed: 5 });
    const found = await every(varied.client({ ...QUICK, pollInterval: 0.02 }).generateMany(prompts(20)));
    const order = found.map(({ index }) => index);
    assert.notDeepEqual(order, order.slice().sort((a, b) => a - b));
    await varied.stop();
  });

  test('as many at once as there is room, however long the source', async () => {
    let taken = 0;
    let most = 0;
    let done = 0;
    function* source() {
      for (;;) {
        taken++;
        most = Math.max(most, taken - done);
        yield `${FOX}, number ${taken}`;
      }
    }
    const narrow = quick.client({ ...QUICK, maxInFlight: 5 });
    for await (const _ of narrow.generateMany(source())) {
      if (++done === 30) {
        break;
      }
    }
    assert(most <= 6, `${most} were under way`);
    assert.equal(narrow.stats().waiting, 0);
  });

  test('from an asynchronous source, which may be slow', async () => {
    async function* source() {
      for (const prompt of prompts(6)) {
        await sleep(0.03);
        yield prompt;
      }
    }
    assert.equal((await every(client.generateMany(source()))).length, 6);
    assert.equal((await every(client.generateMany((async function* () {})()))).length, 0);
    assert.equal((await every(client.generateMany([]))).length, 0);
  });

  test('a slow source does not keep back what is done', async () => {
    async function* source() {
      yield FOX;
      await new Promise(() => {});
    }
    const images = client.generateMany(source());
    const first = await images.next();
    assert(!first.done && first.value.image);
    await images.return?.();
  });

  test('a request that fails is an item like any other', async () => {
    const requests = [FOX, '', { prompt: FOX, size: '9:7' as never }, { prompt: FOX, seed: 0 }, FOX];
    const found = await every(client.generateMany(requests));
    const failed = found.filter(({ error }) => error !== null);
    assert.deepEqual(failed.map(({ index }) => index).sort(), [1, 2, 3]);
    assert(failed.every(({ image, error }) => image === null && error?.kind === 'invalid_request'));
    assert.equal(found.length, 5);
  });

  test('a timeout is that of each', async () => {
    const found = await every(patient.generateMany(prompts(3), { timeout: 0.3 }));
    assert.deepEqual(
      found.map(({ error }) => error?.kind),
      ['timeout', 'timeout', 'timeout'],
    );
    assert(found.every(({ error }) => error?.taskId));
  });

  test('what is no request is a mistake in the program, and ends the work', async () => {
    for (const wrong of ['a fox', 7, null, { prompt: FOX }, undefined]) {
      assert.throws(() => client.generateMany(wrong as never), TypeError);
    }
    for (const wrong of [7, null, ['a fox'], undefined]) {
      const before = patient.stats();
      await assert.rejects(every(patient.generateMany([FOX, wrong as never])), TypeError);
      assert.equal(patient.stats().waiting, 0);
      assert(patient.stats().submitted <= before.submitted + 1);
    }
  });

  test('what the source throws comes out, and ends the work', async () => {
    function* failing() {
      yield FOX;
      throw new RangeError('no more');
    }
    async function* failingLater() {
      yield FOX;
      await sleep(0.05);
      throw new RangeError('no more');
    }
    for (const source of [failing, failingLater]) {
      await assert.rejects(every(patient.generateMany(source())), new RangeError('no more'));
      assert.equal(patient.stats().waiting, 0);
    }
  });

  test('leaving the loop stops the work, and leaves the source', async () => {
    const left: string[] = [];
    function* source() {
      try {
        yield* prompts(100);
      } finally {
        left.push('a generator');
      }
    }
    async function* slowSource() {
      try {
        yield* prompts(100);
      } finally {
        left.push('an asynchronous one');
      }
    }
    const narrow = quick.client({ ...QUICK, maxInFlight: 4 });
    for (const images of [narrow.generateMany(source()), narrow.generateMany(slowSource())]) {
      for await (const _ of images) {
        break;
      }
      assert.equal(narrow.stats().waiting, 0);
    }
    await until(() => left.length === 2, 'the sources are left');
    assert.deepEqual(left, ['a generator', 'an asynchronous one']);
    const { submitted } = narrow.stats();
    await sleep(0.2);
    assert.equal(narrow.stats().submitted, submitted);
  });

  test('nothing is sent before the loop', async () => {
    const before = quick.stats().requests.create;
    const images = client.generateMany(prompts(3));
    await sleep(0.1);
    assert.equal(quick.stats().requests.create, before);
    await images.return?.();
  });

  test('an abort while the source is waited for', async () => {
    const controller = new AbortController();
    async function* source() {
      await new Promise(() => {});
      yield FOX;
    }
    const first = rejection(client.generateMany(source(), { signal: controller.signal }).next());
    await sleep(0.05);
    controller.abort('enough');
    const error = await first;
    assert.equal(error.kind, 'cancelled');
    assert.equal(error.cause, 'enough');
  });
});
