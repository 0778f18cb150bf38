/** The emulator, in the tests of users. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { Emulator } from 'spark-t2i/testing';

import { QUICK, rejection, thrown } from '../support.js';

const FOX = 'a red fox in the snow';

test('await using', async () => {
  let url: string;
  {
    await using emulator = await Emulator.start({ latency: 0.05 });
    ({ url } = emulator);
    await emulator.client(QUICK).generate(FOX);
  }
  await assert.rejects(fetch(url));
});

test('its counters are readable when it was stopped', async () => {
  const emulator = await Emulator.start({ latency: 0.05, price: '0.10' });
  await emulator.client(QUICK).generate(FOX);
  await emulator.stop();
  await emulator.stop();
  const stats = emulator.stats();
  assert.deepEqual(stats.charges, { count: 1, total: '0.10' });
  assert.equal(stats.tasks.created, 1);
  assert.equal(stats.requests.create, 1);
  assert(stats.requests.status >= 1);
  assert(stats.pollsPerTask.max >= 1);
  assert.equal(stats.pollsPerTask.told, stats.pollsPerTask.mean);
  assert.equal(stats.lagSeconds.count, 1);
  assert.equal(thrown(() => emulator.setFaults('http-503')).kind, 'invalid_request');
  assert.equal(inspect(emulator), `Emulator { url: '${emulator.url}' }`);
});

test('faults', async () => {
  await using emulator = await Emulator.start({ latency: 0.05, faults: ['http-503:0.5'], seed: 7n });
  assert.deepEqual(emulator.faults, ['http-503:0.5']);
  const client = emulator.client(QUICK);
  await client.generate(FOX);
  assert((emulator.stats().faults['http-503'] ?? 0) > 0);
  assert((emulator.stats().refused['503'] ?? 0) > 0);
  emulator.setFaults('reset-after-accept@create');
  const error = await rejection(client.generate(FOX));
  assert.equal(error.kind, 'outcome_unknown');
  assert.equal(error.charged, 'unknown');
  assert.equal(emulator.stats().charges.count, 2);
  emulator.clearFaults();
  assert.deepEqual(emulator.faults, []);
  await client.generate(FOX);
  assert.equal(thrown(() => emulator.setFaults('gremlins')).kind, 'invalid_request');
});

test('settings', async () => {
  await using emulator = await Emulator.start({ latency: '50ms', apiKey: 'sesame', rateLimit: 1000, progress: false });
  await emulator.client(QUICK).generate(FOX);
  assert.equal((await rejection(emulator.client({ apiKey: 'another' }).submit(FOX))).kind, 'authentication');
  for (const wrong of [{ latency: 'soon' }, { failureRate: 2 }, { price: 'free' }, { addr: 'here' }, { latencyy: 1 }]) {
    const error = await rejection(Emulator.start(wrong));
    assert.equal(error.kind, 'invalid_request');
    assert(error.message.includes(Object.keys(wrong)[0]?.replace('failureRate', 'failure') ?? ''), error.message);
  }
  await assert.rejects(Emulator.start({ price: 0.1 as never }), TypeError);
  const taken = new URL(emulator.url).host;
  assert.equal((await rejection(Emulator.start({ addr: taken }))).kind, 'io');
});

test('tasks outlive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
  const state = join(folder, 'tasks.jsonl');
  let id: string;
  {
    await using emulator = await Emulator.start({ latency: 0.05, state });
    ({ id } = await emulator.client(QUICK).submit(FOX));
  }
  await using emulator = await Emulator.start({ state });
  assert.equal((await emulator.client(QUICK).task(id).wait()).taskId, id);
  assert.equal(emulator.stats().tasks.restored, 1);
  await emulator.stop();
  rmSync(folder, { recursive: true });
});
