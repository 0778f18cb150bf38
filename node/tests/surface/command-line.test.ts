/** `npx spark-t2i`. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { version } from 'spark-t2i';

import { INSTALLED, run } from '../support.js';

const BIN = join(INSTALLED, 'node_modules/.bin/spark-t2i');
const CLI = join(INSTALLED, 'node_modules/spark-t2i/dist/cli.js');
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
});
after(() => rmSync(folder, { recursive: true }));

const command = (...args: string[]) => run(process.execPath, [CLI, ...args]);

test('npm links the command', () => {
  assert(existsSync(process.platform === 'win32' ? `${BIN}.cmd` : BIN));
});

test('--version', async () => {
  const done = await command('--version');
  assert.equal(done.stdout, `spark-t2i ${version}\n`);
  assert.equal(done.code, 0);
});

test('an image, with nothing but the package', async () => {
  const file = join(folder, 'fox.png');
  const done = await command('generate', '一只雪中的红狐', '--local', '--size', '512x512', '-o', file, '--json');
  assert.equal(done.code, 0, done.stderr);
  const said = JSON.parse(done.stdout) as { status: string; prompt: string; file: string };
  assert.deepEqual([said.status, said.prompt, said.file], ['completed', '一只雪中的红狐', file]);
  assert(existsSync(file));
});

test('exit codes', async () => {
  assert.equal((await command('generate', '', '--local')).code, 2);
  assert.equal((await command('no-such-command')).code, 2);
  const report = await run(process.execPath, [CLI, 'validate', '-'], { input: '{"prompt":"a fox","seed":0}' });
  assert.equal(report.code, 2);
  assert.equal((JSON.parse(report.stdout) as { valid: boolean }).valid, false);
});

test('Ctrl-C', { skip: process.platform === 'win32' }, async () => {
  const child: ChildProcess = spawn(process.execPath, [CLI, 'serve', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) => child.stdout?.once('data', (text: Buffer) => resolve(String(text))));
  assert.match(line, /^http:\/\/127\.0\.0\.1:\d+\n$/);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
});
