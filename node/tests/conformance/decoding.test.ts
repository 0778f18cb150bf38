/** Every case of decoding, by answers of a local server. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from 'spark-t2i';

import { cases, compact, type Json, KEY, rejection, same, Server, type Text, textOf } from '../support.js';
import { ofError, ofEstimate, ofTask } from './canonical.js';

interface Decoding {
  name: string;
  why: string;
  kind: 'task' | 'estimate' | 'rejection';
  body?: Text;
  body_base64?: string;
  http_status?: number;
  expected: Record<string, Json> | null;
  canonical_contains?: string[];
}

const CASES = cases<Decoding>('decoding');
// No case names it, so that what is decoded as the id is never taken for what was asked for.
const ASKED = 'asked-for';

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

/** A client of a server that answers so. */
function answered(one: Decoding): Client {
  server.status = one.http_status ?? 200;
  server.body = one.body_base64 === undefined ? textOf(one.body ?? '') : Buffer.from(one.body_base64, 'base64');
  return new Client({ apiKey: KEY, baseUrl: server.url, maxRetries: 0 });
}

function check(one: Decoding, form: unknown): void {
  assert(same(form, one.expected), `${one.why}\n${compact(form)}\n${compact(one.expected)}`);
  // JavaScript writes no `.0`.
  for (const part of (one.canonical_contains ?? []).map((part) => part.replace(/(\d)\.0\b/, '$1'))) {
    assert(compact(form).includes(part), `${one.why}\n${part}\n${compact(form)}`);
  }
}

function ofKind(kind: Decoding['kind']): Decoding[] {
  const found = CASES.filter((one) => one.kind === kind);
  assert(found.length > 0);
  return found;
}

describe('a task', () => {
  for (const one of ofKind('task')) {
    test(one.name, async () => {
      const refreshed = answered(one).task(ASKED).refresh();
      if (one.expected && 'unreadable' in one.expected) {
        const error = await rejection(refreshed, one.why);
        assert.equal(error.kind, 'protocol');
        assert.equal(error.taskId, ASKED);
        return;
      }
      const snapshot = await refreshed;
      // A task that was asked for is the one that was asked for: the id of the answer shows in a submit alone.
      assert.equal(snapshot.id, ASKED);
      check(one, { ...ofTask(snapshot), id: one.expected?.['id'] });
    });
  }
});

describe('the id of a task', () => {
  for (const one of ofKind('task')) {
    test(one.name, async () => {
      const submitted = answered(one).submit('a red fox');
      if (one.expected?.['id'] == null) {
        // Whatever the reason: without an id there is no task.
        assert.equal((await rejection(submitted, one.why)).taskId, null);
        return;
      }
      const task = await submitted;
      assert(task.snapshot);
      assert.equal(task.snapshot.id, task.id);
      check(one, ofTask(task.snapshot));
    });
  }
});

describe('an estimate', () => {
  for (const one of ofKind('estimate')) {
    test(one.name, async () => {
      const estimated = answered(one).estimate('a red fox');
      if (one.expected && 'unreadable' in one.expected) {
        assert.equal((await rejection(estimated, one.why)).kind, 'protocol');
        return;
      }
      check(one, ofEstimate(await estimated));
    });
  }
});

describe('a rejection', () => {
  for (const one of ofKind('rejection')) {
    test(one.name, async () => check(one, ofError(await rejection(answered(one).estimate('a red fox'), one.why))));
  }
});
