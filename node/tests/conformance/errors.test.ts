/** `errors.json`: every kind and every code, by the same names. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';

import { Client, type ErrorKind, SparkT2iError, type SparkT2iErrorJSON } from 'spark-t2i';

import { FIXTURES, KEY, rejection, Server } from '../support.js';

const TABLE = JSON.parse(readFileSync(join(FIXTURES, 'errors.json'), 'utf8')) as {
  kinds: { kind: string; exit_code: number; retryable: boolean; charged: string }[];
  codes: { code: string; number: number; description: string }[];
};

/** A union of literals is nothing that can be asked for its members: the compiler asks that they are all here. */
type Known<Kind> = Kind extends string ? (string extends Kind ? never : Kind) : never;
const KINDS: { readonly [kind in Known<ErrorKind>]: true } = {
  invalid_request: true,
  authentication: true,
  permission: true,
  insufficient_balance: true,
  rate_limited: true,
  timeout: true,
  connection: true,
  protocol: true,
  not_found: true,
  task_failed: true,
  outcome_unknown: true,
  download: true,
  io: true,
  cancelled: true,
  internal: true,
};

test('the kinds are those of the table', () => {
  assert.deepEqual(
    Object.keys(KINDS),
    TABLE.kinds.map((row) => row.kind),
  );
});

function fields(row: { kind: string; retryable: boolean; charged: string }): SparkT2iErrorJSON {
  return {
    name: row.kind === 'cancelled' ? 'AbortError' : 'SparkT2iError',
    message: 'it went wrong',
    kind: row.kind,
    code: '003001095',
    violations: [{ code: '003001002', field: 'prompt', message: 'too long' }],
    httpStatus: 418,
    taskId: 't-1',
    retryable: row.retryable,
    charged: row.charged,
    retryAfterSeconds: 1.5,
    body: 'the body',
    cause: 'a cause: another',
  };
}

describe('kind', () => {
  for (const row of [...TABLE.kinds, { kind: 'quota', retryable: true, charged: 'maybe' }]) {
    test(row.kind, () => {
      const error = SparkT2iError.from(fields(row));
      assert(error instanceof SparkT2iError && error instanceof Error);
      assert.deepEqual(error.toJSON(), fields(row));
      assert.equal(error.message, 'it went wrong');
      assert(error.stack?.includes('it went wrong (code 003001095) (task t-1)'), error.stack);
    });

    test(`${row.kind} is kept whole on its way to elsewhere`, () => {
      const error = new SparkT2iError(fields(row));
      const copies: unknown[] = [JSON.parse(JSON.stringify(error)), structuredClone(error.toJSON())];
      for (const copy of copies) {
        const again = SparkT2iError.from(copy as SparkT2iErrorJSON);
        assert(again instanceof SparkT2iError);
        assert.deepEqual(again.toJSON(), fields(row));
      }
    });
  }
});

test('what structuredClone keeps of any Error, it keeps of this one', () => {
  const error = structuredClone(new SparkT2iError({ kind: 'timeout', message: 'late', taskId: 't-1', cause: 'why' }));
  assert(error instanceof Error);
  assert.equal(error.message, 'late');
  assert(error.stack?.includes('late (task t-1)'), error.stack);
});

test('what is not known is null, and not shown', () => {
  const error = new SparkT2iError({ kind: 'io', message: 'no room' });
  assert.deepEqual(error.toJSON(), {
    name: 'SparkT2iError',
    message: 'no room',
    kind: 'io',
    code: null,
    violations: [],
    httpStatus: null,
    taskId: null,
    retryable: false,
    charged: 'unknown',
    retryAfterSeconds: null,
    body: null,
    cause: null,
  });
  assert.deepEqual(Object.keys(error), ['kind']);
  assert.match(inspect(error), /^SparkT2iError: no room\n[^]*\{\n {2}kind: 'io'\n\}$/);
  assert.equal(SparkT2iError.from(error), error);
});

test('what is no error is refused', () => {
  for (const wrong of [null, 7, 'late', {}, { message: 'late' }, new Error('late'), { kind: 'io' }]) {
    assert.throws(() => SparkT2iError.from(wrong as never), TypeError);
  }
});

describe('code', () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server.stop());

  for (const row of TABLE.codes) {
    for (const form of ['number', 'code'] as const) {
      test(`${row.code} as ${form}`, async () => {
        server.status = 400;
        server.body = JSON.stringify({ error: { code: row[form] } });
        const client = new Client({ apiKey: KEY, baseUrl: server.url, maxRetries: 0 });
        const error = await rejection(client.estimate('a red fox'));
        assert.equal(error.code, row.code);
        assert(error.message.includes(row.description), error.message);
      });
    }
  }
});
