/** The call of a case by `Client`. */

import { basename } from 'node:path';

import { Client, SparkT2iError, type Task } from 'spark-t2i';

import { ofError, ofEstimate, ofEvent, ofImage, ofStats, ofTask } from './canonical.js';
import type { Case } from './case.js';
import { crc32 } from './crc32.js';

type Outcome = Record<string, unknown>;

/** Makes the call, and tells what came of it as the judge wants it. */
export async function outcomeOf(one: Case): Promise<Outcome> {
  const begin = performance.now();
  let outcome: Outcome;
  try {
    const client = new Client(one.options());
    const { copies } = one.call;
    outcome =
      copies === undefined
        ? await once(client, one)
        : { each: await Promise.all(Array.from({ length: copies }, () => once(client, one))) };
    outcome['stats'] = ofStats(client.stats());
  } catch (error) {
    if (!(error instanceof SparkT2iError)) {
      throw error;
    }
    outcome = { error: ofError(error) };
  }
  return { ...outcome, seconds: (performance.now() - begin) / 1000, folder: one.files() };
}

async function once(client: Client, one: Case): Promise<Outcome> {
  const after = one.call.cancel_after_seconds;
  const controller = new AbortController();
  const timer = after === undefined ? undefined : setTimeout(() => controller.abort(), after * 1000);
  try {
    const call = CALLS[one.call.do];
    if (call === undefined) {
      throw new Error(`no such call: ${one.call.do}`);
    }
    return { result: await call(client, one, controller.signal) };
  } catch (error) {
    if (!(error instanceof SparkT2iError)) {
      throw error;
    }
    return controller.signal.aborted ? { cancelled: true, error: ofError(error) } : { error: ofError(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function theTask(client: Client, one: Case, signal: AbortSignal): Promise<Task> {
  const { task_id } = one.call;
  return task_id === undefined ? client.submit(one.request(), { signal }) : client.task(task_id);
}

const CALLS: { readonly [name: string]: (client: Client, one: Case, signal: AbortSignal) => Promise<unknown> } = {
  async submit(client, one, signal) {
    const task = await client.submit(one.request(), { signal });
    return { task_id: task.id, status: task.status };
  },
  async generate(client, one, signal) {
    return ofImage(await client.generate(one.request(), { signal }));
  },
  async wait(client, one, signal) {
    return ofImage(await (await theTask(client, one, signal)).wait({ signal }));
  },
  async refresh(client, one, signal) {
    return ofTask(await (await theTask(client, one, signal)).refresh({ signal }));
  },
  async estimate(client, one, signal) {
    return ofEstimate(await client.estimate(one.request(), { signal }));
  },
  async events(client, one, signal) {
    const events = [];
    for await (const event of (await theTask(client, one, signal)).events({ signal })) {
      events.push(ofEvent(event));
    }
    return events;
  },
  async generate_many(client, one, signal) {
    const every = [];
    for await (const { index, image, error } of client.generateMany(one.requests(), { signal })) {
      every.push(image === null ? { index, error: ofError(error) } : { index, result: ofImage(image) });
    }
    return every.sort((a, b) => a.index - b.index);
  },
  async bytes(client, one, signal) {
    const content = await (await (await theTask(client, one, signal)).wait({ signal })).bytes({ signal });
    return { bytes: content.length, crc32: crc32(content) };
  },
  async save(client, one, signal) {
    one.prepare();
    const image = await (await theTask(client, one, signal)).wait({ signal });
    const saved = await image.save(one.target, { overwrite: one.call.overwrite === true, signal });
    return { file: basename(saved.path), bytes: saved.bytes };
  },
};
