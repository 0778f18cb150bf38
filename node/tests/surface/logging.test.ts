/** Log records, for whoever asks for them. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { type LogRecord, setLogger } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

import { QUICK, runScript, until } from '../support.js';

const FOX = 'a red fox in the snow';

afterEach(() => setLogger(null));

test('records say where they come from, and neither key nor prompt', async () => {
  await using emulator = await Emulator.start({ latency: 0.05, apiKey: 'sk-secret-7' });
  const records: LogRecord[] = [];
  setLogger((record) => records.push(record), 'trace');
  const { taskId } = await emulator.client(QUICK).generate(FOX);
  await until(() => records.some(({ message }) => message.includes('completed')), 'the last record');
  assert(records.some(({ level, target }) => level === 'info' && target === 'spark_t2i::submit'));
  assert(records.some(({ message }) => message.includes(taskId)));
  const said = JSON.stringify(records);
  assert(!said.includes('sk-secret') && !said.includes(FOX), said);
});

test('a level leaves out what is less grave; null ends it', async () => {
  await using emulator = await Emulator.start({ latency: 0.05, faults: ['http-503@status:0.3'.replace('@status:0.3', ':0.3@status')], seed: 3 });
  const records: LogRecord[] = [];
  setLogger((record) => records.push(record), 'info');
  const client = emulator.client(QUICK);
  await client.generate(FOX);
  await until(() => records.length > 1, 'records');
  assert(records.every(({ level }) => level !== 'debug' && level !== 'trace'));
  setLogger(null);
  await client.generate(FOX);
  const { length } = records;
  await client.generate(FOX);
  assert.equal(records.length, length);
  assert.throws(() => setLogger(() => {}, 'loud' as never), TypeError);
});

test('by itself nothing is written', async () => {
  const done = await runScript(`
    const { Emulator } = require('spark-t2i/testing');
    Emulator.start({ latency: 0.05, faults: ['http-500:0.3@status'] }).then((emulator) => emulator.client().generate('a fox'));
  `);
  assert.deepEqual([done.code, done.stdout, done.stderr], [0, '', '']);
});
