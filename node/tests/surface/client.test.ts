/** Calls as a user makes them, and what comes of them. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

import { Client, Image, type Report, SparkT2iError, Task, type TaskEvent, validate, version } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

import { KEY, QUICK, rejection, run, runScript, Server, thrown } from '../support.js';

const FOX = 'a red fox in the snow';
const SMALL = { width: 512, height: 512 } as const;
const PRICE = '0.035714285714';

let emulator: Emulator;
let client: Client;
let folder: string;

before(async () => {
  emulator = await Emulator.start({ latency: 0.1 });
  client = emulator.client(QUICK);
  folder = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
});
after(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true });
});

test('an image', async () => {
  const image = await client.generate(FOX, { ...SMALL, seed: 42 });
  assert(image instanceof Image);
  assert.equal(image.width, 512);
  assert.equal(image.height, 512);
  assert.equal(image.cost, PRICE);
  assert.equal(image.usage?.cost, PRICE);
  assert.equal(image.snapshot.status, 'completed');
  assert.equal(image.snapshot.id, image.taskId);
  assert(image.url.startsWith(emulator.url));
  assert.equal((JSON.parse(image.snapshot.raw) as { id: string }).id, image.taskId);
  const bytes = await image.bytes();
  assert(bytes instanceof Uint8Array && !Buffer.isBuffer(bytes));
  assert.equal(bytes.length, image.size);
  assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from('PNG')]);
  assert.deepEqual(JSON.parse(JSON.stringify(image)), {
    taskId: image.taskId,
    url: image.url,
    size: image.size,
    jobId: image.jobId,
    width: 512,
    height: 512,
    usage: { ...image.usage },
  });
});

test('a file, whole and not overwritten without being asked', async () => {
  const image = await client.generate(FOX, SMALL);
  const path = join(folder, 'fox.png');
  const saved = await image.save(path);
  assert.deepEqual({ ...saved }, { path, bytes: image.size, format: 'png', width: 512, height: 512 });
  assert.deepEqual(new Uint8Array(readFileSync(path)), await image.bytes());
  const refused = await rejection(image.save(path));
  assert.equal(refused.kind, 'io');
  assert.equal(refused.taskId, image.taskId);
  assert(refused.message.includes(path), refused.message);
  assert.equal((await image.save(pathToFileURL(path), { overwrite: true })).path, path);
  const extended = await image.save(join(folder, 'another'), { addExtension: true });
  assert.equal(extended.path, join(folder, 'another.png'));
});

test('a stream', async () => {
  const image = await client.generate(FOX, SMALL);
  const before = emulator.stats().downloads;
  const stream = image.stream();
  assert(stream instanceof ReadableStream);
  assert.equal(emulator.stats().downloads, before, 'nothing is fetched before it is read');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  assert(chunks.length > 1);
  assert.deepEqual(new Uint8Array(Buffer.concat(chunks)), await image.bytes());
  assert.equal((await new Response(image.stream()).arrayBuffer()).byteLength, image.size);
  const left = image.stream().getReader();
  const read = left.read();
  await left.cancel();
  assert.equal((await read).done, true);
});

test('submit, and take it up again by its id', async () => {
  const task = await client.submit(FOX);
  assert(task instanceof Task);
  assert(task.status === 'queued' || task.status === 'running', String(task.status));
  assert.deepEqual(task.images, []);
  const again = client.task(task.id);
  assert.equal(again.status, null);
  assert.equal(again.snapshot, null);
  assert.equal(again.raw, null);
  const image = await again.wait();
  assert.equal(image.taskId, task.id);
  assert.equal(image.width, null);
  assert.equal(again.status, 'completed');
  assert.equal(again.images.length, 1);
  assert(again.lagSeconds === null || again.lagSeconds >= 0);
  const snapshot = await task.refresh();
  assert.equal(snapshot.status, 'completed');
  assert.deepEqual(JSON.parse(JSON.stringify(task)), { id: task.id, status: 'completed' });
  assert.equal(inspect(task), `Task { id: '${task.id}', status: 'completed' }`);
  assert.equal(inspect({ a: { b: { c: task } } }, { depth: 2 }).includes('[Task]'), true);
});

test('an estimate', async () => {
  const estimate = await client.estimate(FOX, { size: '1:1-2k' });
  // The emulator has one as soon as a task has ended.
  assert(estimate !== null);
  assert.equal(estimate.cost, PRICE);
  assert.equal(estimate.currency, 'USD');
});

test('values are frozen, and can be cloned', async () => {
  const image = await client.generate(FOX);
  const { snapshot } = image;
  for (const value of [snapshot, snapshot.usage, snapshot.output, snapshot.output[0]?.content, snapshot.metadata]) {
    assert(Object.isFrozen(value));
  }
  assert.deepEqual(structuredClone(snapshot), snapshot);
  assert.deepEqual(structuredClone(client.stats()).lagSeconds, client.stats().lagSeconds);
});

test('money is exact', async () => {
  const counting = emulator.client(QUICK);
  for (let number = 0; number < 3; number++) {
    await counting.generate(FOX, SMALL);
  }
  assert.equal(counting.stats().cost, '0.107142857142');
  const { cost, ...others } = counting.stats();
  assert.equal(typeof cost, 'string');
  assert.equal(others.completed, 3);
});

describe('a request', () => {
  let server: Server;
  let recorded: Client;
  before(async () => {
    server = await Server.start();
    server.body = '{"id":"t-1","status":"queued"}';
    recorded = new Client({ apiKey: KEY, baseUrl: server.url, maxRetries: 0 });
  });
  after(() => server.stop());

  /** What arrived last. */
  const sent = () => JSON.parse(server.bodies.at(-1) ?? '') as { model: string; input: [{ params: object }] };

  test('says what was given and nothing else', async () => {
    await recorded.submit(FOX);
    assert.deepEqual(sent(), { model: 'spark_t2i_3_0', input: [{ params: { prompt: FOX } }] });
    await recorded.submit(FOX, { size: '16:9-2k', seed: 7, usePreLlm: false, model: 'another', timeout: 5 });
    const params = { prompt: FOX, use_pre_llm: false, seed: 7, width: 2560, height: 1440 };
    assert.deepEqual(sent(), { model: 'another', input: [{ params }] });
  });

  test('may be one object', async () => {
    await recorded.submit({ prompt: FOX, size: [1024, 768], usePreLlm: true, seed: null, model: undefined });
    const params = { prompt: FOX, use_pre_llm: true, width: 1024, height: 768 };
    assert.deepEqual(sent().input[0].params, params);
    await recorded.submit({ prompt: FOX, size: '512x600' }, { timeout: 5 });
    assert.deepEqual(sent().input[0].params, { prompt: FOX, width: 512, height: 600 });
    // The specification's own name.
    await recorded.submit({ prompt: FOX, use_pre_llm: true } as { prompt: string });
    assert.deepEqual(sent().input[0].params, { prompt: FOX, use_pre_llm: true });
  });

  test('that says something twice is a mistake in the program', async () => {
    const before = server.bodies.length;
    const twice: (() => Promise<unknown>)[] = [
      () => recorded.submit(FOX, { size: '1:1', width: 512 }),
      () => recorded.submit(FOX, { size: [1, 2, 3] as never }),
      () => recorded.submit(FOX, { size: 7 as never }),
      () => recorded.submit(FOX, { model: 7 as never }),
      () => recorded.generate({ prompt: FOX }, { seed: 7 } as object),
      () => recorded.estimate({ prompt: FOX }, { size: '1:1' } as object),
    ];
    for (const call of twice) {
      await assert.rejects(call(), TypeError);
    }
    assert.equal(server.bodies.length, before);
  });

  test('with a name that is none is told what was meant', async () => {
    const error = await rejection(recorded.submit(FOX, { widht: 512 } as object));
    assert.deepEqual(error.toJSON().violations, [
      { code: null, field: 'widht', message: 'unknown parameter "widht"; did you mean "width"?' },
    ]);
    const size = await rejection(recorded.submit(FOX, { size: '16;9' as never }));
    assert.equal(size.kind, 'invalid_request');
    assert(size.message.includes('did you mean "16:9"') && !size.message.includes('\\n'), size.message);
  });
});

test('validate', () => {
  const report: Report = validate({ prompt: '', seed: 0, size: '21:9' });
  assert.equal(report.valid, false);
  const found = report.violations.map(({ code, field }) => [code, field]);
  assert.deepEqual(found, [
    ['003001002', 'prompt'],
    ['003001004', 'seed'],
  ]);
  assert(validate('{"prompt":"a fox"}').valid);
  assert.equal(validate({ prompt: 'x'.repeat(121) }).warnings.length, 1);
  for (const wrong of [null, 7, ['prompt'], undefined]) {
    assert.throws(() => validate(wrong as never), TypeError);
  }
  assert.equal(thrown(() => validate({ prompt: FOX, size: '3:7' })).kind, 'invalid_request');
});

describe('progress', () => {
  test('is told in order', async () => {
    const events: TaskEvent[] = [];
    await client.generate(FOX, { onProgress: (event) => events.push(event) });
    const kinds = events.map(({ kind }) => kind);
    assert.equal(kinds[0], 'submitted');
    assert.equal(kinds.at(-1), 'completed');
    assert(events.every((event) => Object.isFrozen(event) && event.elapsedSeconds >= 0));
    assert.equal(events.at(-1)?.snapshot?.status, 'completed');
  });

  test('may be asynchronous, and is waited for', async () => {
    let done = 0;
    await (await client.submit(FOX)).wait({ onProgress: () => Promise.resolve().then(() => void done++) });
    assert(done > 0);
  });

  test("is told within the caller's asynchronous context", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen = new Set<string | undefined>();
    const onProgress = () => void seen.add(context.getStore());
    await Promise.all(['one', 'two'].map((name) => context.run(name, () => client.generate(FOX, { onProgress }))));
    assert.deepEqual([...seen].sort(), ['one', 'two']);
  });

  test('that throws ends the call, and comes out of it', async () => {
    const before = client.stats();
    for (const onProgress of [
      () => {
        throw new RangeError('enough');
      },
      () => Promise.reject(new RangeError('enough')),
    ]) {
      await assert.rejects(client.generate(FOX, { onProgress }), new RangeError('enough'));
    }
    assert.equal(client.stats().waiting, 0);
    assert.equal(client.stats().submitted, before.submitted + 2);
  });
});

test('a timeout of one call, with the task in its error', async () => {
  const slow = await Emulator.start({ latency: 60 });
  try {
    const error = await rejection(slow.client(QUICK).generate(FOX, { timeout: 0.3 }));
    assert.equal(error.kind, 'timeout');
    assert.equal(error.name, 'SparkT2iError');
    assert.equal(error.retryable, true);
    assert(error.taskId && error.stack?.includes(error.taskId));
    for (const wrong of [-1, NaN, '5', true]) {
      const error = await rejection(slow.client().generate(FOX, { timeout: wrong as number }));
      assert.equal(error.kind, 'invalid_request');
      assert(error.message.startsWith('timeout must be a number of seconds of at least 0'), error.message);
    }
  } finally {
    await slow.stop();
  }
});

test('an error shows where it was asked for', async () => {
  async function aFunctionOfTheUser(): Promise<unknown> {
    return await client.generate(FOX, { timeout: 0 });
  }
  const error = await rejection(aFunctionOfTheUser());
  assert(error.stack?.includes('aFunctionOfTheUser'), error.stack);
});

describe('settings', () => {
  test('are refused in their own words', () => {
    const wrong: [object, string][] = [
      [{ waitTimeout: -1 }, 'waitTimeout must be a number of seconds of at least 0, not -1'],
      [{ maxRetries: 1.5 }, 'maxRetries must be a whole number'],
      [{ maxInFlight: 0 }, 'must be at least 1'],
      [{ headers: 7 }, 'headers must be a map of texts, not 7'],
      [{ onOutcomeUnknown: 'shrug' }, 'fail or resubmit'],
      [{ wait: 5 }, 'there is no option "wait"'],
      [{ baseUrl: 'ftp://example.com' }, 'ftp'],
    ];
    for (const [options, part] of wrong) {
      const error = thrown(() => new Client({ apiKey: KEY, baseUrl: emulator.url, ...options }));
      assert.equal(error.kind, 'invalid_request');
      assert(error.message.includes(part), error.message);
    }
    assert.equal(thrown(() => new Client({ apiKey: 'a\nb', baseUrl: emulator.url })).kind, 'authentication');
    const bundle = join(folder, 'none.pem');
    assert.equal(thrown(() => new Client({ apiKey: KEY, caBundle: bundle })).kind, 'io');
  });

  test('that are nothing have their defaults', async () => {
    const options = { ...QUICK, waitTimeout: null, headers: undefined, proxy: null, caBundle: null };
    await emulator.client(options).generate(FOX, { seed: null, size: undefined, timeout: null, signal: null });
  });

  test('headers may be a Headers', async () => {
    for (const headers of [{ 'x-team': 'foxes' }, new Headers({ 'x-team': 'foxes' }), [['x-team', 'foxes']] as const]) {
      await emulator.client({ headers }).submit(FOX);
    }
  });

  test('what was learned outlives the client, and the program', async () => {
    const profile = join(folder, 'latencies');
    const script = `
      const { Client } = require('spark-t2i');
      const { pathToFileURL } = require('node:url');
      const latencyProfile = pathToFileURL(${JSON.stringify(profile)});
      const client = new Client({ apiKey: 'any', baseUrl: ${JSON.stringify(emulator.url)}, latencyProfile });
      client.generate('a red fox', { width: 512, height: 512 });
    `;
    const done = await runScript(script);
    assert.equal(done.code, 0, done.stderr);
    assert(readFileSync(profile).length > 0);
  });

  test('come from the environment', async () => {
    const script = `
      const { Client } = require('spark-t2i');
      new Client().generate('a red fox', { width: 512, height: 512 }).then((image) => console.log(image.cost));
    `;
    const env = { SPARK_T2I_API_KEY: 'any', SPARK_T2I_BASE_URL: emulator.url };
    const done = await run(process.execPath, ['-e', script], { env });
    assert.equal(done.stdout, `${PRICE}\n`, done.stderr);
    const without = await runScript("try { new (require('spark-t2i').Client)() } catch (e) { console.log(e.kind) }");
    assert.equal(without.stdout, 'authentication\n', without.stderr);
  });

  test('the key is never shown', () => {
    const hidden = emulator.client({ apiKey: 'sk-secret-7' });
    const shown = [inspect(hidden, { showHidden: true, depth: 9 }), JSON.stringify(hidden), String(hidden)];
    assert(!shown.join().includes('sk-secret'), shown.join());
    assert(inspect(hidden).includes(emulator.url));
  });
});

test('what is no id of a task', () => {
  assert.throws(() => client.task(7 as never), TypeError);
  assert.equal(thrown(() => client.task('')).kind, 'invalid_request');
  assert.equal(thrown(() => client.task('x'.repeat(10_000))).kind, 'invalid_request');
});

test('the version is that of the package', () => {
  writeFileSync(join(folder, 'version'), version);
  assert.match(version, /^\d+\.\d+\.\d+/);
});

test('errors are of one class', async () => {
  const error = await rejection(client.generate(''));
  assert(error instanceof SparkT2iError);
  assert.equal(error.code, '003001002');
  assert.equal(error.charged, 'no');
});
