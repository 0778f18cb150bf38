/** Rows 30 and 31 of the faults: when a process ends, workers that are terminated, and what is left after many calls. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { SparkT2iErrorJSON } from 'spark-t2i';
import { Emulator } from 'spark-t2i/testing';

import { INSTALLED, run, runScript, Server } from '../support.js';

let slow: Emulator;
let quick: Emulator;
let silent: Server;

before(async () => {
  slow = await Emulator.start({ latency: 60 });
  quick = await Emulator.start({ latency: 0.05 });
  silent = await Server.start();
  silent.isSilent = true;
});
after(async () => {
  await slow.stop();
  await quick.stop();
  silent.stop();
});

/** A script with `client`, of the emulator at this address. */
function withClient(url: string, script: string): string {
  return `
    const { Client, SparkT2iError, setLogger } = require('spark-t2i');
    const { Emulator } = require('spark-t2i/testing');
    const client = new Client({ apiKey: 'any', baseUrl: ${JSON.stringify(url)}, maxRequestsPerSecond: 0, pollInterval: 0.02 });
    ${script}
  `;
}

describe('a process', () => {
  test('ends with an idle client, an emulator and connections that are kept', async () => {
    const done = await runScript(
      withClient(
        quick.url,
        `Emulator.start().then(async (own) => {
           await client.generate('a fox', { width: 512, height: 512 });
           await own.client().submit('a fox');
           setLogger(() => {}, 'info');
           const events = (await client.submit('a fox')).events();
           await events.next();
           console.log('done');
         });`,
      ),
    );
    assert.equal(done.stdout, 'done\n', done.stderr);
    assert.equal(done.code, 0);
    // The emulator's tasks take 2 s, and connections are kept for 4 s.
    assert(done.seconds < 3, `${done.seconds} s`);
  });

  test('stays as long as something is waited for', async () => {
    const done = await runScript(
      withClient(quick.url, `client.generate('a fox', { width: 512, height: 512 }).then(() => console.log('done'));`),
    );
    assert.equal(done.stdout, 'done\n', done.stderr);
  });

  test('that exits with a hundred calls in flight is gone at once, and silent', async () => {
    const done = await runScript(
      withClient(
        slow.url,
        `for (let n = 0; n < 100; n++) client.generate('a fox').catch(() => console.log('told'));
         setTimeout(() => { console.log(Date.now()); process.exit(3); }, 300);`,
      ),
    );
    const took = Date.now() - Number(done.stdout);
    assert.equal(done.code, 3, done.stderr);
    assert.equal(done.stderr, '');
    assert(took < 1000, `${took} ms`);
  });

  test('whose user throws ends with that', async () => {
    const done = await runScript(
      withClient(quick.url, `client.generate('a fox', { onProgress() { throw new RangeError('enough') } });`),
    );
    assert.equal(done.code, 1);
    assert.match(done.stderr, /RangeError: enough/);
  });

  test('shows all that is known of an error that nobody caught', async () => {
    const done = await runScript(withClient(quick.url, `client.generate('');`));
    assert.equal(done.code, 1);
    assert.match(done.stderr, /kind: 'invalid_request'/);
    assert.match(done.stderr, /003001002/);
  });

  test('stopped by Ctrl-C', { skip: process.platform === 'win32' }, async () => {
    const done = await runScript(
      withClient(slow.url, `client.generate('a fox'); setTimeout(() => process.kill(process.pid, 'SIGINT'), 300);`),
    );
    assert.equal(done.signal, 'SIGINT');
    assert(done.seconds < 5);
  });
});

describe('workers', () => {
  test('are terminated in mid-request, 50 times over', { timeout: 120_000 }, async () => {
    const done = await runScript(
      withClient(
        quick.url,
        `
        const { Worker } = require('node:worker_threads');
        const work = \`
          const { Client, setLogger } = require('spark-t2i');
          const { parentPort } = require('node:worker_threads');
          setLogger(() => {}, 'trace');
          const client = (baseUrl) => new Client({ apiKey: 'any', baseUrl, maxRequestsPerSecond: 0, pollInterval: 0.02 });
          const [slow, quick, silent] = [${JSON.stringify(slow.url)}, ${JSON.stringify(quick.url)}, ${JSON.stringify(silent.url)}].map(client);
          for (let n = 0; n < 10; n++) {
            slow.generate('a fox', { onProgress() {} }).catch(() => {});
            silent.submit('a fox').catch(() => {});
          }
          (async () => { for (;;) await quick.generate('a fox', { width: 512, height: 512 }); })();
          (async () => { for await (const _ of slow.generateMany(['a', 'b', 'c'])); })();
          slow.submit('a fox').then(() => parentPort.postMessage('under way'));
        \`;
        (async () => {
          const one = async (wait) => {
            const worker = new Worker(work, { eval: true });
            await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
            await new Promise((resolve) => setTimeout(resolve, wait));
            await worker.terminate();
          };
          for (let n = 0; n < 50; n += 2) await Promise.all([one(n % 7), one((n * 3) % 11)]);
          // And the rest of the process goes on.
          const image = await client.generate('a fox', { width: 512, height: 512 });
          console.log((await image.bytes()).length > 0);
        })();
        `,
      ),
    );
    assert.equal(done.stdout, 'true\n', `${done.code} ${done.signal}\n${done.stderr}`);
    assert.equal(done.code, 0);
    assert.equal(done.stderr, '');
  });

  test('use it and end by themselves, with errors that come home whole', async () => {
    const done = await runScript(
      withClient(
        quick.url,
        `
        const { Worker } = require('node:worker_threads');
        const work = \`
          const { Client } = require('spark-t2i');
          const { parentPort } = require('node:worker_threads');
          const client = new Client({ apiKey: 'any', baseUrl: ${JSON.stringify(quick.url)}, pollInterval: 0.02 });
          client.generate('').catch((error) => parentPort.postMessage(error.toJSON()));
          client.generate('a fox').then((image) => parentPort.postMessage(image.snapshot));
        \`;
        const messages = [];
        const worker = new Worker(work, { eval: true });
        worker.on('message', (message) => messages.push(message));
        worker.on('exit', (code) => {
          const [error, snapshot] = messages;
          const again = SparkT2iError.from(error);
          console.log(JSON.stringify([code, again instanceof SparkT2iError, again, snapshot.status]));
        });
        `,
      ),
    );
    assert.equal(done.code, 0, done.stderr);
    const [code, isOne, error, status] = JSON.parse(done.stdout) as [number, boolean, SparkT2iErrorJSON, string];
    assert.deepEqual([code, isOne, error.code, status], [0, true, '003001002', 'completed']);
  });
});

describe('many calls', () => {
  test('fifty clients and ten thousand calls leave nothing behind', { timeout: 300_000 }, async () => {
    const script = withClient(
      quick.url,
      `
      const { readdirSync } = require('node:fs');
      const open = () => readdirSync('/proc/self/fd').length;
      const threads = () => readdirSync('/proc/self/task').length;
      const rest = () => new Promise((resolve) => setTimeout(resolve, 50));
      const collect = async () => { for (let n = 0; n < 5; n++) { gc(); await rest(); } };
      const memory = () => process.memoryUsage().rss / 1e6;
      (async () => {
        const task = client.task((await client.submit('a fox')).id);
        const calls = async (count) => {
          for (let n = 0; n < count; n += 50) {
            await Promise.all(Array.from({ length: 50 }, () => task.refresh()));
          }
        };
        await calls(2000);
        await collect();
        const [before, files, these] = [memory(), open(), threads()];
        await calls(10000);
        await collect();
        const grown = memory() - before;
        for (let n = 0; n < 50; n++) {
          const another = new Client({ apiKey: 'any', baseUrl: ${JSON.stringify(quick.url)} });
          await another.task(task.id).refresh();
        }
        await collect();
        // Connections are kept for 4 s.
        for (let n = 0; n < 120 && open() > files; n++) { await collect(); }
        console.log(JSON.stringify({ grown, files: open() - files, threads: threads() - these }));
      })();
      `,
    );
    if (process.platform !== 'linux') {
      return;
    }
    // What V8 sets aside for young objects may grow to 32 MB by itself, and hides what is looked for.
    const args = ['--expose-gc', '--max-semi-space-size=1', '-e', script];
    const done = await run(process.execPath, args, { seconds: 200 });
    assert.equal(done.code, 0, done.stderr);
    const left = JSON.parse(done.stdout) as { grown: number; files: number; threads: number };
    assert(left.files <= 0, `${left.files} files and sockets are open`);
    assert(left.threads <= 0, `${left.threads} more threads`);
    assert(left.grown < 20, `${left.grown} MB more`);
  });
});

describe('the native part', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
    cpSync(join(INSTALLED, 'node_modules'), join(folder, 'node_modules'), { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true }));

  const required = () => run(process.execPath, ['-e', `process.chdir(${JSON.stringify(folder)}); module.paths.unshift(${JSON.stringify(join(folder, 'node_modules'))}); try { require('spark-t2i'); console.log('loaded') } catch (error) { console.log(error.message) }`]);

  test('is found', async () => {
    assert.equal((await required()).stdout, 'loaded\n');
  });

  test('in another version is refused', async () => {
    const library = join(folder, 'node_modules/spark-t2i/dist/index.js');
    const text = readFileSync(library, 'utf8');
    writeFileSync(library, text.replace(/\bversion = "[^"]*"/, 'version = "99.0.0"'));
    const { stdout } = await required();
    writeFileSync(library, text);
    assert.match(stdout, /spark-t2i 99\.0\.0 found its native part in version \d+\.\d+\.\d+ .* install spark-t2i again/);
  });

  test('that is not there is asked for', async () => {
    for (const suffix of ['-gnu', '-musl', '-msvc', '']) {
      rmSync(join(folder, `node_modules/spark-t2i-${process.platform}-${process.arch}${suffix}`), {
        recursive: true,
        force: true,
      });
    }
    const { stdout } = await required();
    assert.match(stdout, /found no native part for this system: it would be in the package spark-t2i-/);
    assert.match(stdout, /--omit=optional/);
  });
});
