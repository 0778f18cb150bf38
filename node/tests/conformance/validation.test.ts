/** Every case of validation: as JavaScript's own values, as JSON text, and as what a client refuses. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Client, validate } from 'spark-t2i';

import { cases, compact, type Json, KEY, parse, rejection, same, type Text, textOf } from '../support.js';
import { ofReport, ofViolations } from './canonical.js';

interface Validation {
  name: string;
  why: string;
  parameters?: Record<string, Json>;
  prompt?: Text;
  parameters_text?: Text;
  expected: { valid: boolean; violations: Json[]; warnings: Json[] };
}

const CASES = cases<Validation>('validation');
const VALUES = CASES.filter((one) => one.parameters !== undefined);
// These names mean something to this package, beside those of the specification: such cases are run as JSON alone.
const WORDS = ['usePreLlm', 'size', 'model'];
const EXPRESSIBLE = VALUES.filter((one) => !WORDS.some((name) => name in valuesOf(one)));

function valuesOf({ parameters, prompt }: Validation): Record<string, Json> {
  return prompt === undefined ? { ...parameters } : { ...parameters, prompt: textOf(prompt) };
}

function check(one: Validation, report: ReturnType<typeof validate>): void {
  const form = ofReport(report);
  assert(same(form, one.expected), `${one.why}\n${compact(form)}\n${compact(one.expected)}`);
}

test('there are cases of both kinds', () => {
  assert(VALUES.length > 100 && VALUES.length < CASES.length);
  assert.equal(EXPRESSIBLE.length, VALUES.length - WORDS.length);
});

describe('values', () => {
  for (const one of EXPRESSIBLE) {
    test(one.name, () => check(one, validate(valuesOf(one))));
  }
});

describe('JSON', () => {
  for (const one of VALUES) {
    test(one.name, () => check(one, validate(compact(valuesOf(one)))));
  }
  for (const one of CASES) {
    const text = one.parameters_text;
    if (text !== undefined) {
      test(one.name, () => check(one, validate(textOf(text))));
    }
  }
});

describe('a client refuses before anything is sent', () => {
  // Where it would have to go, nobody listens.
  const client = new Client({ apiKey: KEY, baseUrl: 'http://127.0.0.1:9', maxRetries: 0 });
  for (const one of EXPRESSIBLE.filter((one) => !one.expected.valid)) {
    test(one.name, async () => {
      const { prompt, ...others } = valuesOf(one) as { prompt: string };
      const whole = valuesOf(one) as unknown as { prompt: string };
      const calls = [
        () => client.submit(whole),
        () => client.generate(whole),
        () => client.estimate(whole),
        // A list or an object in place of a prompt would be taken for a request.
        ...(typeof prompt === 'object' ? [] : [() => client.generate(prompt, others)]),
      ];
      for (const call of calls) {
        const error = await rejection(call());
        assert.equal(error.kind, 'invalid_request');
        assert.equal(error.charged, 'no');
        assert(same(ofViolations(error.violations), one.expected.violations), `${one.why}\n${error.message}`);
      }
      assert.equal(client.stats().createRequests + client.stats().estimateRequests, 0);
    });
  }
});

test('the tests read JSON to the last digit', () => {
  const text = '{"a":[9007199254740993,-9223372036854775808,1.5,"12345678901234567890",12]}';
  assert.equal(compact(parse(text)), text);
});
