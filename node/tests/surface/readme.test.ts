/** Every example of the README runs as it stands there. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Emulator } from 'spark-t2i/testing';

import { INSTALLED, run } from '../support.js';

const FOLDER = join(INSTALLED, 'esm/readme');
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.js'));

test('there are examples', () => assert(EXAMPLES.length >= 8, `${EXAMPLES.length}`));

for (const name of EXAMPLES) {
  test(name, async () => {
    await using emulator = await Emulator.start({ latency: 0.2 });
    const folder = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
    // They save files where they run.
    const script = `process.chdir(${JSON.stringify(folder)}); await import(${JSON.stringify(pathToFileURL(join(FOLDER, name)))});`;
    const env = { SPARK_T2I_BASE_URL: emulator.url, SPARK_T2I_API_KEY: 'any' };
    const done = await run(process.execPath, ['--input-type=module', '-e', script], { env });
    rmSync(folder, { recursive: true });
    assert.equal(done.code, 0, `${done.stdout}\n${done.stderr}`);
  });
}
