/**
 * How long a `require` takes, and what waiting costs with 1 000 tasks in flight: this package beside a loop as one writes it
 * by hand with `fetch`, 3 s between two looks and a timer for each task.
 *
 *     node bench.mjs [--require] [--tasks N] [--spread] [--together] [--same-priority] [--json]
 *
 * The tasks begin at once, as those of a batch do, or with `--spread` evenly over their median; each that has ended is followed by
 * another one.
 *
 * Each runs in a process of its own, whose CPU time and memory are taken, against an emulator of its own, whose counters tell
 * the lag and the requests: one after the other, or all together, so that they have the same minutes of the machine. Missed
 * targets are no failure: another machine is slower.
 *
 * The emulator stands in for a server elsewhere, which takes no core from its clients: on Linux it runs only while a core has
 * nothing else to do, unless `--same-priority` is given.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LATENCY = 'lognormal:12s:0.25';
const MEDIAN = 12;
const INTERVAL = 3;
const TASKS = 1000;
/** Completions that are measured, for each task in flight. */
const COMPLETIONS = 3;
/**
 * Seconds of lag that a request is worth to our own polling: so much that it sends no more than the loops do. (At the default
 * of 0.1 it sends some more, and is told sooner.)
 */
const POLL_COST = 0.14;
/** Two generations of tasks: they go in step no longer, and were learned from. */
const WARM_UP = 2 * MEDIAN;
const LIMIT = 5 * MEDIAN;
const DELAY_SECONDS = 10;
const REQUIRES = 30;
const TARGETS = { require: 10, cpu: 0.25, memory: 0.25, lag: 0.4, requests: 1, delay: 5 };

const SUBJECTS = {
  fetch: { contender: 'fetch', interval: INTERVAL },
  'spark-t2i, 3 s': { contender: 'spark-t2i', interval: INTERVAL },
  'spark-t2i': { contender: 'spark-t2i', interval: null },
};

const here = dirname(fileURLToPath(import.meta.url));
const cli = join(dirname(createRequire(import.meta.url).resolve('spark-t2i')), 'cli.js');

/** Of this package, and of one that holds nothing: what Node takes by itself to find and load a package with `exports`. */
function requireMilliseconds() {
  const nothing = join(here, 'node_modules/nothing');
  mkdirSync(nothing, { recursive: true });
  writeFileSync(join(nothing, 'package.json'), '{ "name": "nothing", "exports": { ".": { "require": "./index.js" } } }');
  writeFileSync(join(nothing, 'index.js'), '');
  const names = ['spark-t2i', 'nothing'];
  const script = join(here, 'require.cjs');
  const run = (name) => Number(spawnSync(process.execPath, [script, name], { encoding: 'utf8' }).stdout);
  const rounds = Array.from({ length: REQUIRES }, () => names.map(run));
  const [own, empty] = names.map((_, at) => {
    const runs = rounds.map((round) => round[at]).sort((a, b) => a - b);
    return { best: runs[0], median: runs[runs.length >> 1], worst: runs.at(-1) };
  });
  return { ...own, empty };
}

/** Whether the server leaves the cores to whoever else wants them. */
function standsBack(server) {
  const chrt = ['--all-tasks', '--idle', '--pid', '0', String(server.pid)];
  return process.platform === 'linux' && !samePriority && spawnSync('chrt', chrt).status === 0;
}

async function withServer(use) {
  const args = [cli, 'serve', '--quiet', '--latency', LATENCY, '--no-progress'];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface(server.stdout), 'line');
    const isBehind = standsBack(server);
    const stats = async () => (await fetch(`${line}/_emulator/stats`)).json();
    return { ...(await use(line, stats)), isBehind };
  } finally {
    server.kill('SIGKILL');
  }
}

/** The job in a process of its own; `began` is called when the measured part begins. */
async function load(job, began = async () => {}) {
  const child = spawn(process.execPath, [join(here, 'contenders.mjs'), JSON.stringify(job)], {
    cwd: here,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let done;
  for await (const line of createInterface(child.stdout)) {
    if (line === 'measuring') {
      await began();
    } else {
      done = JSON.parse(line);
    }
  }
  if (done === undefined) {
    throw new Error(`${job.contender} ended without a result`);
  }
  return done;
}

async function measure(name, tasks, spread) {
  const { contender, interval } = SUBJECTS[name];
  return withServer(async (url, stats) => {
    const job = {
      contender,
      url,
      tasks,
      interval,
      pollCost: POLL_COST,
      spread,
      warmUp: WARM_UP,
      completions: COMPLETIONS * tasks,
      limit: LIMIT,
      delaySeconds: DELAY_SECONDS,
    };
    let before;
    const done = await load(job, async () => (before = await stats()));
    const after = await stats();
    if (done.failed > 0) {
      console.error(`${name}: ${done.failed} tasks failed; the first: ${done.firstFailure}`);
    }
    // Over the tasks whose end was told in this time: the sum until its end without the sum until its begin.
    const told = after.lag_seconds.count - before.lag_seconds.count;
    const over = (mean) => {
      const sum = (stats) => (mean(stats) ?? 0) * stats.lag_seconds.count;
      return (sum(after) - sum(before)) / told;
    };
    return {
      cpuMillisecondsPerTask: (1000 * done.cpuSeconds) / done.completed,
      statusRequestsPerTask: over((stats) => stats.polls_per_task.told),
      meanLagSeconds: over((stats) => stats.lag_seconds.mean),
      peakBytes: done.peakBytes,
      loopDelayMilliseconds: done.loopDelay,
      loopBusyMilliseconds: done.loopBusy,
      completed: done.completed,
      failed: done.failed,
      seconds: done.seconds,
    };
  });
}

function ratios(figures, idle) {
  const [hand, equal, own] = Object.keys(SUBJECTS).map((name) => figures[name]);
  return {
    cpu: equal.cpuMillisecondsPerTask / hand.cpuMillisecondsPerTask,
    cpuOwn: own.cpuMillisecondsPerTask / hand.cpuMillisecondsPerTask,
    memory: (own.peakBytes - idle.peakBytes) / (hand.peakBytes - idle.peakBytes),
    lag: own.meanLagSeconds / hand.meanLagSeconds,
    requests: own.statusRequestsPerTask / hand.statusRequestsPerTask,
  };
}

function table(tasks, spread, figures, idle, over) {
  const row = (name, cells, target = '') =>
    `${name.padEnd(34)}${cells.map((cell) => cell.padStart(16)).join('')}  ${target}`.trimEnd();
  const all = Object.values(figures);
  const milliseconds = (value) => `${value.toFixed(2)} ms`;
  const delay = (of) => all.map((each) => milliseconds(each.loopDelayMilliseconds[of]));
  const busy = (of) => all.map((each) => milliseconds(each.loopBusyMilliseconds?.[of] ?? Number.NaN));
  const idleBusy = (of) => `idle: ${milliseconds(idle.loopBusy?.[of] ?? Number.NaN)}`;
  return [
    row(`${tasks} tasks ${spread > 0 ? 'one by one' : 'at once'}, ${LATENCY}`, Object.keys(figures)),
    row('CPU a task', all.map((each) => milliseconds(each.cpuMillisecondsPerTask))),
    row('requests for the state a task', all.map((each) => each.statusRequestsPerTask.toFixed(2))),
    row('mean lag', all.map((each) => `${each.meanLagSeconds.toFixed(2)} s`)),
    row('memory, the most', all.map((each) => `${(each.peakBytes / 1e6).toFixed(0)} MB`)),
    row('  above an idle process', all.map((each) => `${((each.peakBytes - idle.peakBytes) / 1e6).toFixed(0)} MB`)),
    row('the event loop came round within', delay('max'), `<= ${TARGETS.delay + 1} ms; idle: ${milliseconds(idle.loopDelay.max)}`),
    row('  999 times of 1000', delay('p999'), `idle: ${milliseconds(idle.loopDelay.p999)}`),
    row('  in the median', delay('median'), `idle: ${milliseconds(idle.loopDelay.median)}`),
    row('it was busy between two rounds', busy('max'), `<= ${TARGETS.delay} ms; ${idleBusy('max')}`),
    row('  999 times of 1000', busy('p999'), idleBusy('p999')),
    row('the server ran', all.map((each) => (each.isBehind ? 'on free cores' : 'as the others'))),
    row('completed, and failed', all.map((each) => `${each.completed}, ${each.failed}`)),
    '',
    row('over the loop with fetch', ['', 'spark-t2i, 3 s', 'spark-t2i'], 'target'),
    row('CPU a task', ['', over.cpu.toFixed(2), over.cpuOwn.toFixed(2)], `<= ${TARGETS.cpu}`),
    row('memory above an idle process', ['', '', over.memory.toFixed(2)], `<= ${TARGETS.memory}`),
    row('mean lag', ['', '', over.lag.toFixed(2)], `<= ${TARGETS.lag}`),
    row('requests for the state', ['', '', over.requests.toFixed(2)], `<= ${TARGETS.requests}`),
  ].join('\n');
}

const args = process.argv.slice(2);
const samePriority = args.includes('--same-priority');
const tasks = args.includes('--tasks') ? Number(args[args.indexOf('--tasks') + 1]) : TASKS;
const spread = args.includes('--spread') ? MEDIAN : 0;
const report = { requireMilliseconds: requireMilliseconds() };
const requires = ({ best, median, worst }) =>
  `${best.toFixed(1)} ms at best, ${median.toFixed(1)} in the median, ${worst.toFixed(1)} at worst`;
console.error(`require: ${requires(report.requireMilliseconds)}; target < ${TARGETS.require}`);
console.error(`  of a package that holds nothing: ${requires(report.requireMilliseconds.empty)}`);
if (!args.includes('--require')) {
  console.error('an idle process …');
  const nothing = { contender: 'idle', tasks: 0, spread: 0, warmUp: 2, completions: 1, limit: 1 };
  const idle = await load({ ...nothing, delaySeconds: DELAY_SECONDS });
  const one = (name) => {
    console.error(`${tasks} tasks in flight, by ${name} …`);
    return measure(name, tasks, spread);
  };
  const names = Object.keys(SUBJECTS);
  const measured = [];
  if (args.includes('--together')) {
    measured.push(...(await Promise.all(names.map(one))));
  } else {
    for (const name of names) {
      measured.push(await one(name));
    }
  }
  const figures = Object.fromEntries(names.map((name, at) => [name, measured[at]]));
  const over = ratios(figures, idle);
  Object.assign(report, { tasks, spread, latency: LATENCY, idle, contenders: figures, ratios: over, targets: TARGETS });
  if (!args.includes('--json')) {
    console.log(table(tasks, spread, figures, idle, over));
  }
}
if (args.includes('--json')) {
  console.log(JSON.stringify(report, null, 2));
}
