/** What several tests need: the fixtures, a server, other processes, and JSON that keeps every digit. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';

import { type ClientOptions, SparkT2iError } from 'spark-t2i';

export const FIXTURES = process.env['SPARK_T2I_FIXTURES'] ?? '';
assert(FIXTURES, 'SPARK_T2I_FIXTURES names the folder of the fixtures');

/** The folder that the packages are installed in. */
export const INSTALLED = join(process.cwd(), '..');

export const KEY = 'key-of-the-tests-9f2c';

/** Options that need no patience: without a limit no test waits for its turn. */
export const QUICK: ClientOptions = { pollInterval: 0.05, maxRequestsPerSecond: 0 };

/** JSON as it is read, with big integers where numbers would be rounded. */
export type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json };

/** A number in digits, as it shall stand in JSON. */
export class Digits {
  constructor(readonly text: string) {}
}

const STRINGS_AND_LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;
const MARK = 'a big integer: ';

/** Reads JSON; whole numbers that JavaScript would round become big integers. */
export function parse(text: string): Json {
  const marked = text.replace(STRINGS_AND_LONG_NUMBERS, (found) => (found.startsWith('"') ? found : `"${MARK}${found}"`));
  return JSON.parse(marked, (_, value: Json) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as Json;
}

/** JSON without spaces, in which every number has all of its digits. */
export function compact(value: unknown): string {
  if (value instanceof Digits) {
    return value.text;
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (Array.isArray(value)) {
    return `[${value.map(compact).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${compact(inner)}`);
    return `{${fields.join(',')}}`;
  }
  return Object.is(value, -0) ? '-0.0' : JSON.stringify(value);
}

/** Whether two canonical forms are equal: texts exactly, numbers by value, and no field more or less. */
export function same(one: unknown, other: unknown): boolean {
  if (isNumber(one) && isNumber(other)) {
    return Number(one instanceof Digits ? one.text : one) === Number(other instanceof Digits ? other.text : other);
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, at) => same(value, other[at]));
  }
  if (typeof one === 'object' && typeof other === 'object' && one !== null && other !== null) {
    const names = Object.keys(one);
    const [these, those] = [one as Record<string, unknown>, other as Record<string, unknown>];
    const alike = names.length === Object.keys(other).length && Array.isArray(one) === Array.isArray(other);
    return alike && names.every((name) => name in those && same(these[name], those[name]));
  }
  return one === other;
}

function isNumber(value: unknown): value is number | bigint | Digits {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Digits;
}

/** A text of a fixture, which may be in pieces. */
export type Text = string | (string | { text: string; times: number })[];

export function textOf(pieces: Text): string {
  const piece = (one: string | { text: string; times: number }) =>
    typeof one === 'string' ? one : one.text.repeat(one.times);
  return typeof pieces === 'string' ? pieces : pieces.map(piece).join('');
}

/** All cases of a folder of fixtures. */
export function cases<Case>(folder: string): Case[] {
  const files = readdirSync(join(FIXTURES, folder)).filter((name) => name.endsWith('.json'));
  const found = files.sort().flatMap((name) => {
    return (parse(readFileSync(join(FIXTURES, folder, name), 'utf8')) as { cases: Json[] }).cases as Case[];
  });
  assert(found.length > 0, `${folder} holds no cases`);
  return found;
}

/** A server on loopback that gives every request the same answer, which may be changed at any time. */
export class Server {
  status = 200;
  body: string | Uint8Array = '{}';
  /** Never answers, but keeps the connection. */
  isSilent = false;
  readonly bodies: string[] = [];
  url = '';
  readonly #server: HttpServer;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        this.bodies.push(Buffer.concat(pieces).toString());
        if (!this.isSilent) {
          response.writeHead(this.status, { 'content-type': 'application/json' }).end(this.body);
        }
      });
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<Server> {
    const server = new Server();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  stop(): void {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>, about = 'it was not rejected'): Promise<SparkT2iError> {
  const outcome = await promise.then(
    () => assert.fail(about),
    (error: unknown) => error,
  );
  assert(outcome instanceof SparkT2iError, String(outcome));
  return outcome;
}

/** The error that a function throws. */
export function thrown(work: () => unknown): SparkT2iError {
  try {
    work();
  } catch (error) {
    assert(error instanceof SparkT2iError, String(error));
    return error;
  }
  return assert.fail('it threw nothing');
}

/** What a finished process left behind. */
export interface Finished {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** Runs a program, which is killed if it hangs. */
export function run(program: string, args: string[], more: { env?: object; seconds?: number; input?: string } = {}) {
  return new Promise<Finished>((resolve, reject) => {
    const begin = performance.now();
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, ...more.env } as NodeJS.ProcessEnv;
    const child = spawn(program, args, { env, timeout: (more.seconds ?? 60) * 1000, killSignal: 'SIGKILL' });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    child.stdin.end(more.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...said, seconds: (performance.now() - begin) / 1000 });
    });
  });
}

/** Runs a script of CommonJS in a new process of this runtime. */
export function runScript(script: string, ...args: string[]): Promise<Finished> {
  return run(process.execPath, ['-e', script, ...args]);
}

/** Waits until something has come about that must. */
export async function until(condition: () => unknown, what: string, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    assert(performance.now() < end, `${what}: not within ${seconds} s`);
    await sleep(0.01);
  }
}

export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
