/** All that the package does, once over, for runtimes whose runner of tests is another one: it ends with 0, or throws. */

import assert from 'node:assert/strict';

import { Client, type LogRecord, SparkT2iError, setLogger, validate } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

const FOX = 'a red fox in the snow';
const SMALL = { width: 512, height: 512 } as const;

async function main(): Promise<void> {
  const emulator = await Emulator.start({ latency: 0.1 });
  const records: LogRecord[] = [];
  setLogger((record) => records.push(record), 'debug');
  const client = emulator.client({ pollInterval: 0.05, maxRequestsPerSecond: 0 });

  const kinds: string[] = [];
  const onProgress = (event: { kind: string }) => kinds.push(event.kind);
  const image = await client.generate(FOX, { ...SMALL, seed: 2n ** 63n - 1n, onProgress });
  assert.equal(kinds[0], 'submitted');
  assert.equal(kinds.at(-1), 'completed');
  assert.equal(image.cost, '0.035714285714');
  const bytes = await image.bytes();
  assert.equal(bytes.length, image.size);
  assert.equal((await new Response(image.stream()).arrayBuffer()).byteLength, image.size);
  assert(records.length > 0);
  setLogger(null);

  const events: string[] = [];
  for await (const event of (await client.submit(FOX)).events()) {
    events.push(event.kind);
  }
  assert.equal(events.at(-1), 'completed');

  let count = 0;
  for await (const { image, error } of client.generateMany([FOX, '', { prompt: FOX, size: '512x512' }])) {
    count += image === null ? 10 : 1;
    assert(error === null || error.kind === 'invalid_request');
  }
  assert.equal(count, 12);
  assert((await client.estimate(FOX))?.cost);

  const report = validate({ prompt: '\ud800', seed: 0, widht: 1 });
  assert.deepEqual(
    report.violations.map(({ code }) => code),
    ['003001002', '003001004', null],
  );

  const slow = await Emulator.start({ latency: 60 });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  const begin = performance.now();
  const error: unknown = await slow
    .client()
    .generate(FOX, { signal: controller.signal })
    .catch((error: unknown) => error);
  assert(performance.now() - begin < 5000);
  assert(error instanceof SparkT2iError && error instanceof Error);
  assert.equal(error.kind, 'cancelled');
  assert.equal(error.cause, controller.signal.reason);
  assert(error.taskId);
  assert.deepEqual(SparkT2iError.from(JSON.parse(JSON.stringify(error)) as SparkT2iError).taskId, error.taskId);

  await slow.stop();
  await emulator.stop();
  assert.equal(emulator.stats().charges.count, 4);
  assert.throws(() => new Client({ apiKey: 'a\nb' }), SparkT2iError);
  console.log('all that the package does was done');
}

void main();
