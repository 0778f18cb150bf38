/**
 * The process that is measured: a loop as one writes it by hand with `fetch`, or this package, or nothing.
 *
 * `bench.mjs` starts it. It says a line when the measured part begins, and what came of it when that ends.
 */

import { openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const PROMPT = 'a red fox in the snow';
// Any key will do: it goes to this machine only.
const KEY = 'bench-waiting';

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const CONTENDERS = {
  idle: async () => () => sleep(3600),

  fetch: async ({ url, interval }) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'spark_t2i_3_0', input: [{ params: { prompt: PROMPT } }] });
    const read = async (answer) => {
      if (!answer.ok) {
        throw new Error(`HTTP ${answer.status}`);
      }
      return answer.json();
    };
    return async () => {
      let task = await read(await fetch(`${url}/model/v1/generation`, { method: 'POST', headers, body }));
      while (task.status !== 'completed' && task.status !== 'failed') {
        await sleep(interval);
        task = await read(await fetch(`${url}/model/v1/generation/task/${task.id}`, { headers }));
      }
      if (task.status === 'failed') {
        throw new Error('the task failed');
      }
    };
  },

  'spark-t2i': async ({ url, interval, pollCost }) => {
    const { Client } = await import('spark-t2i');
    const client = new Client({ apiKey: KEY, baseUrl: url, pollInterval: interval, pollCost, maxRequestsPerSecond: 0 });
    return () => client.generate(PROMPT);
  },
};

const outcomes = { completed: 0, failed: 0, firstFailure: null };
/** How many completions are awaited, and what is then called. */
let awaited = { completions: Number.POSITIVE_INFINITY, reached: () => {} };

async function keepWaiting(one, delay) {
  await sleep(delay);
  for (;;) {
    try {
      await one();
      outcomes.completed++;
      if (outcomes.completed >= awaited.completions) {
        awaited.reached();
      }
    } catch (error) {
      outcomes.failed++;
      outcomes.firstFailure ??= String(error);
      // Where something is wrong, no storm of requests is to be measured.
      await sleep(1);
    }
  }
}

/** Of all threads of this process, the system's part included. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const milliseconds = (nanoseconds) => nanoseconds / 1e6;

/** How long the event loop did not come round, over so many seconds; the timer that looks after it comes every millisecond. */
async function loopDelay(seconds) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await sleep(seconds);
  histogram.disable();
  return {
    median: milliseconds(histogram.percentile(50)),
    p99: milliseconds(histogram.percentile(99)),
    p999: milliseconds(histogram.percentile(99.9)),
    max: milliseconds(histogram.max),
  };
}

/**
 * How long the event loop was busy by itself between two rounds: the CPU time of its thread from one timer of a millisecond to
 * the next. Unlike the delay, it does not count what other processes and threads take from it. On Linux only.
 */
async function loopBusy(seconds) {
  const open = () => {
    try {
      return openSync('/proc/self/schedstat');
    } catch {
      return null;
    }
  };
  const [file, text, rounds] = [open(), Buffer.alloc(64), []];
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  if (file === null) {
    return null;
  }
  const own = () => {
    // The system brings its count up to date when a thread goes to sleep, however shortly.
    Atomics.wait(nobody, 0, 0, 0.01);
    // The first of the numbers is that of the main thread, in nanoseconds.
    return Number.parseInt(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)), 10);
  };
  let before = own();
  const timer = setInterval(() => {
    const now = own();
    rounds.push(now - before);
    before = now;
  }, 1);
  await sleep(seconds);
  clearInterval(timer);
  rounds.sort((a, b) => a - b);
  const at = (share) => milliseconds(rounds[Math.min(rounds.length - 1, Math.floor(rounds.length * share))]);
  return { median: at(0.5), p99: at(0.99), p999: at(0.999), max: milliseconds(rounds.at(-1)) };
}

const job = JSON.parse(process.argv[2]);
const one = await CONTENDERS[job.contender](job);
for (let number = 0; number < job.tasks; number++) {
  void keepWaiting(one, (job.spread * number) / job.tasks);
}
await sleep(job.warmUp);
const begin = performance.now();
const [cpu, completed] = [cpuSeconds(), outcomes.completed];
console.log('measuring');
// No timer that looks: each time it would wake a process that has nothing else to do, which is no part of waiting for tasks.
const reached = new Promise((reached) => (awaited = { completions: completed + job.completions, reached }));
await Promise.race([reached, sleep(job.limit)]);
const done = {
  seconds: (performance.now() - begin) / 1000,
  completed: outcomes.completed - completed,
  failed: outcomes.failed,
  firstFailure: outcomes.firstFailure,
  cpuSeconds: cpuSeconds() - cpu,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
// Looking after the loop takes CPU time of its own: it comes after what is measured.
const loop = { loopDelay: await loopDelay(job.delaySeconds), loopBusy: await loopBusy(job.delaySeconds) };
console.log(JSON.stringify({ ...done, ...loop }));
process.exit(0);
