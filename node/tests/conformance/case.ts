/** What a case says, in the words of the package: its options and parameters, and the folder of its files. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ClientOptions, ImageRequest } from 'spark-t2i';

import type { Json } from '../support.js';
import { crc32 } from './crc32.js';

interface Call {
  do: string;
  parameters?: Record<string, Json>;
  requests?: Record<string, Json>[];
  task_id?: string;
  copies?: number;
  cancel_after_seconds?: number;
  file?: string;
  overwrite?: boolean;
  existing?: Json;
}

/** The options that a case may set, by the names of the fixtures. */
const OPTIONS: { readonly [name: string]: keyof ClientOptions } = {
  api_key: 'apiKey',
  base_url: 'baseUrl',
  connect_timeout_seconds: 'connectTimeout',
  request_timeout_seconds: 'requestTimeout',
  wait_timeout_seconds: 'waitTimeout',
  poll_interval_seconds: 'pollInterval',
  max_retries: 'maxRetries',
  max_requests_per_second: 'maxRequestsPerSecond',
  max_in_flight: 'maxInFlight',
  headers: 'headers',
  user_agent_suffix: 'userAgentSuffix',
  on_outcome_unknown: 'onOutcomeUnknown',
};

/** One run of a case, with a folder of its own. */
export class Case {
  readonly call: Call;
  readonly key: string;
  readonly #options: Record<string, Json>;
  readonly #place = mkdtempSync(join(tmpdir(), 'spark-t2i-'));
  readonly folder = join(this.#place, 'folder');

  constructor(said: Json) {
    const { call, options } = said as unknown as { call: Call; options: Record<string, Json> };
    this.call = call;
    this.key = options['api_key'] as string;
    this.#options = options;
    mkdirSync(this.folder);
  }

  close(): void {
    rmSync(this.#place, { recursive: true });
  }

  get target(): string {
    assert(this.call.file);
    return join(this.folder, this.call.file);
  }

  options(): ClientOptions {
    const options: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#options)) {
      if (name === 'ca_bundle_pem') {
        // Outside of the folder that is looked at in the end.
        options['caBundle'] = join(this.#place, 'bundle.pem');
        writeFileSync(join(this.#place, 'bundle.pem'), value as string);
        continue;
      }
      const option = OPTIONS[name];
      assert(option, `no such option: ${name}`);
      options[option] = value;
    }
    return options;
  }

  request(): ImageRequest {
    assert(this.call.parameters);
    return request(this.call.parameters);
  }

  requests(): ImageRequest[] {
    assert(this.call.requests);
    return this.call.requests.map(request);
  }

  /** What stands in the way of a file. */
  prepare(): void {
    const { existing } = this.call;
    if (typeof existing === 'string') {
      writeFileSync(this.target, existing);
    } else if (existing != null) {
      mkdirSync(this.target);
    }
  }

  /** What is in the folder now. */
  files(): unknown {
    return readdirSync(this.folder)
      .sort()
      .map((name) => {
        const path = join(this.folder, name);
        const content = statSync(path).isFile() ? readFileSync(path) : null;
        return { name, bytes: content && content.length, crc32: content && crc32(content) };
      });
  }
}

/** The request in the package's words: what is wrong with it is for the client to find. */
function request({ use_pre_llm, ...others }: Record<string, Json>): ImageRequest {
  return { ...others, ...(use_pre_llm === undefined ? {} : { usePreLlm: use_pre_llm }) } as unknown as ImageRequest;
}
