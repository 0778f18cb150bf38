/** Every scenario: the contract is `tests/conformance/README.md`. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { type LogRecord, setLogger } from 'spark-t2i';

import { compact, FIXTURES, INSTALLED, type Json, parse } from '../support.js';
import { Case } from './case.js';
import { outcomeOf } from './runner.js';

const AT_ONCE = 16;
const NAMES = readdirSync(join(FIXTURES, 'scenarios'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length))
  .sort();

interface Verdict {
  passed: boolean;
  differences: string[];
  requests?: Json[];
}

let server: ChildProcess;
let url: string;

before(async () => {
  const command = join(INSTALLED, 'node_modules/spark-t2i/dist/cli.js');
  const args = [command, 'serve', '--quiet', '--scenarios', join(FIXTURES, 'scenarios')];
  server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  url = await new Promise<string>((resolve) => {
    server.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
  });
  assert.match(url, /^http:\/\/127\.0\.0\.1:/);
});

after(() => server.kill('SIGKILL'));

async function exchange(path: string, body?: string): Promise<Json> {
  const post = { method: 'POST', body: body ?? '', headers: { 'content-type': 'application/json' } };
  return parse(await (await fetch(url + path, body === undefined ? {} : post)).text());
}

test('the server has every scenario', async () => {
  assert.deepEqual(await exchange('/scenarios'), NAMES);
  assert(NAMES.length >= 156);
});

describe('scenario', { concurrency: AT_ONCE }, () => {
  const log: LogRecord[] = [];
  const keys = new Map<string, string>();

  before(() => setLogger((record) => log.push(record), 'trace'));

  after(() => {
    setLogger(null);
    assert(new Set(keys.values()).size >= keys.size - 2, 'the keys are to be unlike any other text');
    assert(log.length > keys.size, 'next to nothing was logged, which shows nothing');
    for (const [name, key] of keys) {
      assert(!key || !log.some((record) => JSON.stringify(record).includes(key)), `the key of ${name} is in the log`);
    }
  });

  for (const name of NAMES) {
    test(name, async () => {
      const path = `/scenarios/${name}@node-${process.pid}`;
      const said = await exchange(path);
      const one = new Case(said);
      keys.set(name, one.key);
      try {
        const outcome = await outcomeOf(one);
        const verdict = (await exchange(`${path}/verdict`, compact(outcome))) as unknown as Verdict;
        const { about } = said as { about: string };
        const told = [about, ...verdict.differences, 'requests:', ...(verdict.requests ?? []).map(compact)];
        assert(verdict.passed, told.join('\n  '));
      } finally {
        one.close();
      }
    });
  }
});
