/**
 * The whole service inside this process: for tests and demos, with no key and no network.
 *
 * ```ts
 * import { Emulator } from 'spark-t2i/testing';
 *
 * await using emulator = await Emulator.start({ latency: '50ms' });
 * await emulator.client().generate('a red fox in the snow');
 * console.log(emulator.stats().charges.total);
 * ```
 *
 * @packageDocumentation
 */

/// <reference lib="esnext.disposable" />

import { fileURLToPath } from 'node:url';

import { Client, type ClientOptions } from './client';
import { inspect, shown } from './inspect';
import { type Binding, native } from './native';
import type { Decimal, LagStats } from './values';

/** The settings of an emulator. What is not given has its default. */
export interface EmulatorOptions {
  /**
   * How long tasks take: seconds, `"500ms"`, `"lognormal:12s:0.25"` (median and spread), or the path of a file of recorded
   * seconds. Default: 2 s.
   */
  latency?: string | number | undefined;
  /** The part of the tasks that fail, 0 to 1, with the code 003001095. */
  failureRate?: number | undefined;
  /** Requests a second, 0.001 to 1000000; those beyond are answered with 429. Default: no limit. */
  rateLimit?: number | null | undefined;
  /** What an image costs in USD, exactly: a text. Default: `"0.035714285714"`. */
  price?: Decimal | undefined;
  /** The one key that is accepted. Default: any. */
  apiKey?: string | undefined;
  /** Makes latencies, failures and faults the same at every run. */
  seed?: number | bigint | null | undefined;
  /** Whether running tasks tell how much is done. Default: true. */
  progress?: boolean | undefined;
  /**
   * What goes wrong on purpose: `"NAME[:PROBABILITY][@KIND]"`, such as `"http-503:0.2"` or `"reset-after-accept@create"`; the
   * README of the project has the list.
   */
  faults?: readonly string[] | undefined;
  /** A file for tasks that outlive a restart. Default: none. */
  state?: string | URL | null | undefined;
  /** Where to listen. Default: a free port of 127.0.0.1. */
  addr?: string | undefined;
}

/** What an emulator has seen so far. */
export interface EmulatorStats {
  /** The tasks, by their state now: all that were created, those restored from a state file among them, … */
  readonly tasks: {
    readonly created: number;
    readonly restored: number;
    readonly queued: number;
    readonly running: number;
    readonly completed: number;
    readonly failed: number;
  };
  /** Each task is charged when it is created, so that a request sent twice shows here; the total in USD is exact. */
  readonly charges: { readonly count: number; readonly total: Decimal };
  /** The requests that arrived, refused ones among them. */
  readonly requests: {
    readonly create: number;
    readonly estimate: number;
    readonly status: number;
    readonly image: number;
    readonly catalogue: number;
    readonly other: number;
  };
  /** Answers with an error status, by that status. */
  readonly refused: { readonly [status: string]: number };
  /** How often each fault struck, by its name. */
  readonly faults: { readonly [name: string]: number };
  /**
   * Status requests per task: on average over all tasks, of the task that was asked for most, and on average over the tasks
   * whose end was told.
   */
  readonly pollsPerTask: { readonly mean: number; readonly max: number; readonly told: number | null };
  /** Images that were sent, whole or in part. */
  readonly downloads: number;
  /** How long clients did not know that their task had ended. */
  readonly lagSeconds: LagStats;
}

/**
 * The service's API on a free port of this machine, painting abstract pictures; it runs until it is stopped, or the program
 * ends, which it does not keep alive.
 *
 * Every test may have its own: it starts in milliseconds.
 */
export class Emulator {
  readonly #native: Binding.Emulator;
  readonly #key: string;

  private constructor(emulator: Binding.Emulator, key: string) {
    this.#native = emulator;
    this.#key = key;
  }

  /**
   * Starts one.
   *
   * Rejects with a {@link SparkT2iError} of kind `invalid_request` for an option that cannot be, `io` when the system gives no
   * port, no threads or no file.
   */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    if (typeof options.price === 'number') {
      throw new TypeError(`price is money, and exact: give "${options.price as number}" as a text`);
    }
    const state = options.state instanceof URL ? fileURLToPath(options.state) : options.state;
    return new Emulator(new native.Emulator({ ...options, state }), options.apiKey ?? 'emulator');
  }

  /** The base URL for clients. */
  get url(): string {
    return this.#native.url;
  }

  /** A key that it accepts. */
  get apiKey(): string {
    return this.#key;
  }

  /** What goes wrong on purpose at present. */
  get faults(): readonly string[] {
    return this.#native.faults();
  }

  /**
   * Lets these things go wrong from now on, and no others; names as in {@link EmulatorOptions.faults}.
   *
   * Throws a {@link SparkT2iError} of kind `invalid_request` for a name that is no fault.
   */
  setFaults(...faults: string[]): void {
    this.#native.setFaults(faults);
  }

  /** Lets nothing go wrong any more. */
  clearFaults(): void {
    this.#native.setFaults([]);
  }

  /** What it has seen so far; goes through every task. When it was stopped: what it had seen. */
  stats(): EmulatorStats {
    const { polls_per_task, lag_seconds, ...others } = JSON.parse(this.#native.stats()) as {
      polls_per_task: EmulatorStats['pollsPerTask'];
      lag_seconds: LagStats;
    } & Omit<EmulatorStats, 'pollsPerTask' | 'lagSeconds'>;
    return { ...others, pollsPerTask: polls_per_task, lagSeconds: lag_seconds };
  }

  /** A client of this emulator, with these options of {@link Client}. */
  client(options: ClientOptions = {}): Client {
    return new Client({ baseUrl: this.url, apiKey: this.apiKey, ...options });
  }

  /** Stops it: connections are closed, and its counters stay readable. */
  async stop(): Promise<void> {
    this.#native.stop();
  }

  /** The same, at the end of the block of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** @internal */
  [inspect](...how: [number, object, never]): string {
    return shown('Emulator', { url: this.url }, ...how);
  }
}
