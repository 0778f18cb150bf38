import { fileURLToPath } from 'node:url';

import { finish } from './calls';
import type { Generated, Requests } from './generated';
import { Image } from './image';
import { inspect, shown } from './inspect';
import { type Binding, native } from './native';
import type { CallOptions, WaitOptions } from './options';
import { type ImageParameters, type ImageRequest, partsOf } from './request';
import { ImageStream } from './stream';
import { Task } from './task';
import type { Estimate, Stats } from './values';

/** The settings of a client. What is not given has its default. Durations are seconds. */
export interface ClientOptions {
  /** The key, sent to the base URL's origin and nowhere else. Default: the variable SPARK_T2I_API_KEY. */
  apiKey?: string | null | undefined;
  /**
   * Where the service is: https, or http to this very machine. Default: the variable SPARK_T2I_BASE_URL, else the service's
   * own address.
   */
  baseUrl?: string | null | undefined;
  /** For making a connection, in seconds: 10. */
  connectTimeout?: number | null | undefined;
  /** For one attempt of a request, its answer's body included, in seconds: 30. */
  requestTimeout?: number | null | undefined;
  /** For the whole of a call, retries and bodies included, in seconds: 600. A call's own `timeout` replaces it. */
  waitTimeout?: number | null | undefined;
  /** How often a call is repeated after a failure that certainly did no harm: 4. */
  maxRetries?: number | null | undefined;
  /** To the service, downloads apart: 50; 0 for no limit. */
  maxRequestsPerSecond?: number | null | undefined;
  /**
   * What a request for the state of a task is worth, in seconds of noticing its end later, above 0: 0.1. The client learns
   * how long tasks take and asks when an end is likely.
   */
  pollCost?: number | null | undefined;
  /** Asks at this fixed interval instead, in seconds, 0.01 at least. Default: none. */
  pollInterval?: number | null | undefined;
  /** A file in which what was learned outlives the client: no prompts, no ids. Default: none. */
  latencyProfile?: string | URL | null | undefined;
  /** How many requests of `generateMany` are under way at once: 64. */
  maxInFlight?: number | null | undefined;
  /** Further headers for every request to the service, never for image hosts: an object, or a `Headers`. */
  headers?: Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]> | null | undefined;
  /** Such as `"http://proxy.example:3128"`. Default: the system's. */
  proxy?: string | null | undefined;
  /** A file of PEM certificates to trust besides the platform's. */
  caBundle?: string | URL | null | undefined;
  /** What to add to the User-Agent, such as `"my-program/1.2"`. */
  userAgentSuffix?: string | null | undefined;
  /**
   * What to do with a submit of which nobody can say whether the service took it: `"fail"` (the default) rejects with an
   * error of kind `outcome_unknown`, so that nothing is paid twice; `"resubmit"` sends it again.
   */
  onOutcomeUnknown?: 'fail' | 'resubmit' | null | undefined;
}

/** What `generate` takes besides a prompt. */
export type GenerateOptions = ImageParameters & WaitOptions;

/** What `submit` and `estimate` take besides a prompt. */
export type SubmitOptions = ImageParameters & CallOptions;

/**
 * A client of the service.
 *
 * One for a program is enough: connections, the limit of requests, and what was learned about how long tasks take are its
 * own. It needs no closing, and does not keep the process alive; a call that is waited for does.
 */
export class Client {
  readonly #native: Binding.Client;
  readonly #baseUrl: string | null;
  readonly #image = (kept: Binding.Kept): Image => Image.of(this.#native, kept);
  readonly #task = (task: Binding.Task): Task => Task.of(this.#native, task);

  /**
   * Makes a client; nothing is sent.
   *
   * Throws a {@link SparkT2iError} of kind `authentication` for a missing or malformed key, `invalid_request` for a setting
   * that cannot be, `io` for a certificate file that cannot be read.
   */
  constructor(options: ClientOptions = {}) {
    const { headers, latencyProfile, caBundle, ...others } = options;
    this.#baseUrl = others.baseUrl ?? null;
    this.#native = new native.Client({
      ...others,
      headers: isIterable(headers) ? Object.fromEntries(headers) : headers,
      latencyProfile: file(latencyProfile),
      caBundle: file(caBundle),
    });
  }

  /**
   * Submits a request, waits for its end and returns the image. Nothing is downloaded yet.
   *
   * @param prompt what the image shows: 1 to 800 characters in Chinese or English, at most 120 recommended; or a whole
   *   request, with no parameter beside it
   *
   * Rejects as {@link submit} and {@link Task.wait} do.
   */
  generate(prompt: string, options?: GenerateOptions): Promise<Image>;
  generate(request: ImageRequest, options?: WaitOptions): Promise<Image>;
  generate(prompt: string | ImageRequest, options: GenerateOptions = {}): Promise<Image> {
    return finish(
      options,
      () => {
        const { signal, timeout, onProgress, ...others } = options;
        const { parameters, model } = partsOf(prompt, others);
        return this.#native.generate(parameters, model, timeout, onProgress != null);
      },
      this.#image,
    );
  }

  /**
   * Submits a request and returns its task, without waiting for its end.
   *
   * Rejects with a {@link SparkT2iError}: `invalid_request` before anything is sent; `outcome_unknown` when the service may
   * have taken the request but no id came back (it is not repeated then); `authentication`, `permission`,
   * `insufficient_balance`; `rate_limited` and `connection` beyond the retries; `not_found` for a wrong base URL; `timeout`;
   * `cancelled` when aborted: while the request is on its way, nobody can say then whether the service took it.
   */
  submit(prompt: string, options?: SubmitOptions): Promise<Task>;
  submit(request: ImageRequest, options?: CallOptions): Promise<Task>;
  submit(prompt: string | ImageRequest, options: SubmitOptions = {}): Promise<Task> {
    return finish(
      options,
      () => {
        const { signal, timeout, ...others } = options;
        const { parameters, model } = partsOf(prompt, others);
        return this.#native.submit(parameters, model, timeout);
      },
      this.#task,
    );
  }

  /**
   * What a request would probably cost; null where the service has no estimate. Nothing is charged.
   *
   * Rejects as {@link submit} does, but never with `outcome_unknown`.
   */
  estimate(prompt: string, options?: SubmitOptions): Promise<Estimate | null>;
  estimate(request: ImageRequest, options?: CallOptions): Promise<Estimate | null>;
  estimate(prompt: string | ImageRequest, options: SubmitOptions = {}): Promise<Estimate | null> {
    return finish(options, () => {
      const { signal, timeout, ...others } = options;
      const { parameters, model } = partsOf(prompt, others);
      return this.#native.estimate(parameters, model, timeout);
    });
  }

  /**
   * The task with this id, whoever submitted it. Nothing is sent.
   *
   * Throws a {@link SparkT2iError} of kind `invalid_request` when the text cannot be an id.
   */
  task(id: string): Task {
    if (typeof id !== 'string') {
      throw new TypeError(`the id of a task is a text, not ${typeof id}`);
    }
    return this.#task(this.#native.task(id));
  }

  /**
   * Generates many images, `maxInFlight` at a time, and yields each as it is done.
   *
   * Nothing is sent before the loop begins. Nothing is lost: a request that fails is an item with an `error`. Only what is no
   * request at all is a TypeError, and what `requests` itself throws comes out, too; the work is then cancelled. Leaving the
   * loop, or `signal`, stops submitting and waiting at once; tasks that were submitted go on at the service.
   *
   * @param requests prompts or requests, taken one by one as there is room, so that a generator need not know its end
   * @param options `timeout` is that of each request
   */
  generateMany(requests: Requests, options: CallOptions = {}): AsyncIterableIterator<Generated, undefined> {
    if (typeof requests === 'string' || !(isIterable(requests) || isAsyncIterable(requests))) {
      throw new TypeError('generateMany takes many requests, not one: put it into a list');
    }
    return new ImageStream(this.#native, requests, options);
  }

  /** What this client has done so far: requests, tasks, lag, the exact sum of their cost. */
  stats(): Stats {
    return this.#native.stats() as Stats;
  }

  /** @internal */
  [inspect](...how: [number, object, never]): string {
    // Never the key: what is shown ends up in logs.
    return shown('Client', { baseUrl: this.#baseUrl }, ...how);
  }
}

function file(path: string | URL | null | undefined): string | null | undefined {
  return path instanceof URL ? fileURLToPath(path) : path;
}

function isIterable(value: unknown): value is Iterable<readonly [string, string]> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
