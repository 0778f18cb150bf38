/** Rows 25 and 26 of the faults: texts and numbers at the edges, of every type that JavaScript has for them. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, type Report, validate } from 'spark-t2i';

import { KEY, rejection, runScript, Server } from '../support.js';

const FOX = 'a red fox in the snow';
const FAMILY = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';

let server: Server;
let client: Client;

before(async () => {
  server = await Server.start();
  server.body = '{"id":"t-1","status":"queued"}';
  client = new Client({ apiKey: KEY, baseUrl: server.url, maxRetries: 0 });
});
after(() => server.stop());

const codes = (report: Report) => report.violations.map(({ code, field }) => [code, field]);
const shown = (value: unknown) => {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
  return text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : text;
};

describe('prompts that go out as they are', () => {
  const prompts = ['x', 'x'.repeat(800), '雪'.repeat(800), '🦊'.repeat(800), FAMILY, 'a\0b', 'a\nb\u2028c', '\ufeffa'];
  for (const prompt of [...prompts, '\u{10ffff}', ' a ', '\u{1b}[31mred', '\u202eabc']) {
    test(shown(prompt), async () => {
      assert(validate({ prompt }).valid);
      await client.submit(prompt);
      const sent = JSON.parse(server.bodies.at(-1) ?? '') as { input: [{ params: { prompt: string } }] };
      assert.equal(sent.input[0].params.prompt, prompt);
    });
  }
});

/** Every call refuses it with the report's violations, and nothing is sent. */
async function refused(parameters: { prompt: string; [name: string]: unknown }): Promise<Report> {
  const sent = server.bodies.length;
  const report = validate(parameters);
  assert(!report.valid);
  const { prompt, ...others } = parameters;
  for (const call of [
    () => client.submit(parameters),
    () => client.submit(prompt, others),
    () => client.generate(prompt, others),
    () => client.estimate(prompt, others),
  ]) {
    const error = await rejection(call());
    assert.equal(error.kind, 'invalid_request');
    assert.deepEqual(error.violations, report.violations);
    assert(!/[\u0000-\u001f\u202e]/.test(error.message), 'harmless on a terminal');
  }
  assert.equal(server.bodies.length, sent);
  return report;
}

describe('prompts that are refused', () => {
  for (const prompt of ['', ' ', '\u3000\n\t', 'x'.repeat(801), '雪'.repeat(801), '🦊'.repeat(801), 'x'.repeat(5_000_000)]) {
    test(shown(prompt), async () => {
      const report = await refused({ prompt });
      assert.deepEqual(codes(report), codes(validate(JSON.stringify({ prompt }))));
      assert.equal(codes(report).length, 1);
      assert.equal(report.violations[0]?.field, 'prompt');
    });
  }
});

describe('half a surrogate pair is no text', () => {
  for (const prompt of ['\ud800', 'a\udfffb', '\ud83e x', 'x\ud83e', '\udc80'.repeat(800), '\udd8a\ud83e']) {
    test(shown(prompt), async () => {
      const report = await refused({ prompt });
      assert.deepEqual(codes(report), [['003001002', 'prompt']]);
      assert(report.violations[0]?.message.includes('well-formed'), report.violations[0]?.message);
      // JavaScript's JSON writes it as an escape; as it is, it gets the same verdict.
      assert.deepEqual(codes(validate(JSON.stringify({ prompt }))), codes(report));
      assert.deepEqual(codes(validate(`{"prompt":"${prompt}"}`)), codes(report));
    });
  }

  test('but both halves are one character', () => {
    assert(validate('{"prompt": "\\ud83e\\udd8a"}').valid);
    assert(validate({ prompt: '\ud83e\udd8a'.repeat(800) }).valid);
  });

  test('in a name of a parameter', () => {
    const report = validate({ prompt: FOX, '\ud800seed': 1 });
    assert.equal(report.violations.length, 1);
    assert.equal(report.violations[0]?.code, null);
  });
});

describe('what is no text is no prompt', () => {
  for (const prompt of [null, undefined, 7, 7n, 1.5, true, Symbol('fox'), () => FOX, ['a fox'], new Date(0)]) {
    test(String(prompt), async () => {
      assert(!validate({ prompt }).valid);
      const before = server.bodies.length;
      for (const name of ['submit', 'generate', 'estimate'] as const) {
        const error = await rejection(client[name](prompt as never));
        assert.equal(error.kind, 'invalid_request');
      }
      assert.equal(server.bodies.length, before);
    });
  }
});

describe('seeds that go out to the last digit', () => {
  const MOST = 2n ** 63n - 1n;
  for (const seed of [-1, -1n, 1, 1n, 1.0, 2 ** 31, Number.MAX_SAFE_INTEGER, 2n ** 53n + 1n, MOST]) {
    test(shown(seed), async () => {
      assert(validate({ prompt: FOX, seed }).valid);
      await client.submit(FOX, { seed });
      assert(server.bodies.at(-1)?.includes(`"seed":${seed}`), server.bodies.at(-1));
    });
  }
});

describe('seeds that are refused', () => {
  const seeds = [0, 0n, -0, -2, -2n, 2n ** 63n, 2n ** 64n, -(2n ** 63n) - 1n, 10n ** 5000n, -(10n ** 5000n), 1.5, NaN];
  const others = [Infinity, -Infinity, 1e300, 2 ** 63, '7', '', true, [7], { valueOf: () => 7 }, new Number(7)];
  const strange = [Symbol('7'), () => 7, new Uint8Array([7]), new Date(7), new Map([[7, 7]]), /7/];
  for (const seed of [...seeds, ...others, ...strange]) {
    test(typeof seed === 'bigint' ? shown(seed) : String(shown(seed)), async () => {
      assert.deepEqual(codes(await refused({ prompt: FOX, seed })), [['003001004', 'seed']]);
    });
  }

  // 2^53 + 1 is 2^53 for JavaScript, whatever was written.
  for (const seed of [2 ** 53, 2 ** 53 + 2, 1e18, -(2 ** 53)]) {
    test(`${seed}, which may have been rounded`, async () => {
      const report = await refused({ prompt: FOX, seed });
      assert.deepEqual(codes(report), [['003001004', 'seed']]);
      assert.match(report.violations[0]?.message ?? '', /may have been rounded/);
      assert.equal(validate({ prompt: FOX, seed: BigInt(seed) }).valid, seed > 0);
    });
  }
});

describe('sides', () => {
  const wrong: [unknown, string][] = [
    ['1024', '003001008'],
    [1.5, '003001008'],
    [NaN, '003001008'],
    [true, '003001008'],
    [[1024], '003001008'],
    [{}, '003001008'],
    [0, '003001005'],
    [-1n, '003001005'],
    [2 ** 32 + 1024, '003001006'],
    [2n ** 64n + 1024n, '003001006'],
    [2 ** 53, '003001006'],
    [1e300, '003001006'],
  ];
  for (const [width, code] of wrong) {
    test(shown(width), async () => {
      const found = codes(await refused({ prompt: FOX, width, height: 1024 }));
      assert.equal(found[0]?.[0], code);
    });
  }

  test('a number has the verdict of its JSON', () => {
    for (const width of [1024, 1024.0, 1e3, -1, 2 ** 50, 1e18]) {
      const values = { prompt: FOX, width, height: 1024 };
      assert.deepEqual(codes(validate(values)), codes(validate(JSON.stringify(values))), String(width));
      assert.deepEqual(codes(validate({ ...values, width: BigInt(width) })), codes(validate(values)), String(width));
    }
  });

  test('the other one is missing', async () => {
    assert.deepEqual(codes(await refused({ prompt: FOX, width: 1024 })), [['003001007', 'height']]);
    assert.deepEqual(codes(await refused({ prompt: FOX, width: 1024, height: null })), [['003001007', 'height']]);
  });
});

describe('usePreLlm is true or false and nothing like it', () => {
  for (const value of [0, 1, 'true', '', [], {}, new Boolean(true)]) {
    test(shown(value), () => {
      assert.deepEqual(codes(validate({ prompt: FOX, usePreLlm: value })), [['003001003', 'use_pre_llm']]);
      assert.deepEqual(codes(validate({ prompt: FOX, use_pre_llm: value })), [['003001003', 'use_pre_llm']]);
    });
  }
});

test('said in both ways, it is said once too often', () => {
  const report = validate({ prompt: FOX, usePreLlm: true, use_pre_llm: true });
  assert.deepEqual(codes(report), [[null, 'usePreLlm']]);
});

describe('a value without an end is refused all the same', () => {
  // In another process, which it may take with it.
  for (const [name, made] of [
    ['a list in itself', 'const value = []; value.push(value)'],
    ['a deep list', 'let value = []; for (let n = 0; n < 1e5; n++) value = [value]'],
    ['an object in itself', 'const value = {}; value.a = value'],
    ['a proxy', 'const value = new Proxy([], {})'],
  ] as const) {
    test(name, async () => {
      const done = await runScript(`
        const { validate } = require('spark-t2i');
        ${made};
        console.log(JSON.stringify(validate({ prompt: 'a fox', seed: value }).violations.map(({ code }) => code)));
      `);
      assert.equal(done.stdout, '["003001004"]\n', done.stderr);
    });
  }
});

test('what a value throws when it is looked at comes out', async () => {
  const hostile = {
    get prompt(): string {
      throw new RangeError('it cannot be looked at');
    },
  };
  assert.throws(() => validate(hostile), RangeError);
  await assert.rejects(client.submit(hostile), RangeError);
  assert.throws(() => validate({ prompt: FOX, seed: { get a() { throw new RangeError('nor this') } } }), RangeError);
  // And nothing is broken by it.
  await client.submit(FOX);
});

test('an object of any class is taken', async () => {
  class Wish {
    readonly prompt = FOX;
    readonly seed = 7;
  }
  await client.submit(new Wish());
  await client.submit(Object.assign(Object.create(null), { prompt: FOX }) as { prompt: string });
  assert(validate(JSON.parse('{"prompt":"a fox"}') as { prompt: string }).valid);
  const polluted = JSON.parse('{"prompt":"a fox","__proto__":{"seed":7}}') as { prompt: string };
  assert.deepEqual(codes(validate(polluted)), [[null, '__proto__']]);
});
