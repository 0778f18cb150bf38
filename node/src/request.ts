import { native } from './native';
import type { Report } from './values';

/** A size by name: the aspect ratio, with `-2k` for the high-definition one. */
export type SizePreset =
  | '1:1'
  | '4:3'
  | '3:2'
  | '16:9'
  | '21:9'
  | '3:4'
  | '2:3'
  | '9:16'
  | '9:21'
  | '1:1-2k'
  | '4:3-2k'
  | '3:2-2k'
  | '16:9-2k'
  | '21:9-2k'
  | '3:4-2k'
  | '2:3-2k'
  | '9:16-2k'
  | '9:21-2k';

/** A size: a preset such as `"16:9-2k"`, `"2560x1440"`, or `[2560, 1440]`, in pixels. */
export type Size = SizePreset | `${number}x${number}` | readonly [width: number, height: number];

/** What can be said of an image besides its prompt. Only what is given is sent: the defaults are the service's. */
export interface ImageParameters {
  /** In place of width and height. */
  size?: Size | null | undefined;
  /**
   * Pixels from left to right, default 1328; only together with the height. The area lies in 512×512 to 2048×2048, the
   * ratio in 1:3 to 3:1.
   */
  width?: number | null | undefined;
  /** Pixels from top to bottom, default 1328; only together with the width. */
  height?: number | null | undefined;
  /**
   * -1 for a random image (the default), or 1 to 2^63 - 1: the same seed with the same parameters very probably gives a
   * consistent image. Beyond 2^53 - 1 only as a bigint, such as `9223372036854775807n`: JavaScript rounds such numbers.
   */
  seed?: number | bigint | null | undefined;
  /** Whether the service expands the prompt first; its default is true. Recommended for short prompts. */
  usePreLlm?: boolean | null | undefined;
  /** Another model than `"spark_t2i_3_0"`. */
  model?: string | null | undefined;
}

/** One image to be generated. */
export interface ImageRequest extends ImageParameters {
  /** What the image shows, in Chinese or English: 1 to 800 characters, at most 120 recommended. Sent as given. */
  prompt: string;
}

/** A request as the native part takes it. */
interface Parts {
  parameters: Record<string, unknown>;
  model: string | null;
}

/** Its parts, of a prompt with parameters beside it or of a request that says everything. */
export function partsOf(prompt: string | ImageRequest, others: Record<string, unknown> = {}): Parts {
  if (typeof prompt !== 'object' || prompt === null || Array.isArray(prompt)) {
    const found = parts(others);
    found.parameters['prompt'] = prompt;
    return found;
  }
  const beside = Object.keys(others).find((name) => others[name] != null);
  if (beside !== undefined) {
    throw new TypeError(`a request says everything: put ${beside} into it`);
  }
  return parts(prompt);
}

// A value of a wrong type goes through: the core says what is wrong with it, in the same words in every language.
function parts(given: ImageRequest | Readonly<Record<string, unknown>>): Parts {
  const { size, model, usePreLlm, ...parameters } = given as Record<string, unknown>;
  if (usePreLlm != null) {
    parameters[parameters['use_pre_llm'] == null ? 'use_pre_llm' : 'usePreLlm'] = usePreLlm;
  }
  if (size != null) {
    if (parameters['width'] != null || parameters['height'] != null) {
      throw new TypeError('size stands in place of width and height: give one or the other');
    }
    [parameters['width'], parameters['height']] = sides(size);
  }
  if (model != null && typeof model !== 'string') {
    throw new TypeError(`model is a text, not ${typeof model}`);
  }
  return { parameters, model: model ?? null };
}

function sides(size: unknown): readonly unknown[] {
  if (typeof size === 'string') {
    return native.size(size);
  }
  if (!Array.isArray(size) || size.length !== 2) {
    throw new TypeError('size is a text such as "16:9-2k" or a pair [width, height]');
  }
  return size;
}

/**
 * Checks a request by the rules of the specification; nothing is sent. Every violation is reported.
 *
 * `parameters` is what `generate` takes, with values of any type, or the specification's parameters by their own names, or a
 * JSON text of these. A name that is no parameter is a violation too.
 *
 * Throws a {@link SparkT2iError} of kind `invalid_request` for a `size` that is none.
 */
export function validate(parameters: ImageRequest | Readonly<Record<string, unknown>> | string): Report {
  if (typeof parameters === 'string') {
    // Half a surrogate pair stands in JSON as an escape, and gets the verdict on that.
    const text = parameters.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
    return native.validate(text) as Report;
  }
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw new TypeError('parameters are an object or a JSON text');
  }
  return native.validate(parts(parameters).parameters) as Report;
}

/** The request of one of many, where a value of another type is a mistake in the program. */
export function partsOfItem(index: number, item: unknown): Parts {
  if (typeof item !== 'string' && (typeof item !== 'object' || item === null || Array.isArray(item))) {
    const kind = Array.isArray(item) ? 'a list' : String(item === null ? null : typeof item);
    throw new TypeError(`request ${index} is ${kind}, not a prompt or an object with one`);
  }
  return partsOf(item as string | ImageRequest);
}

