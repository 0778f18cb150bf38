import { fileURLToPath } from 'node:url';

import { type Call, finish } from './calls';
import { inspect, shown } from './inspect';
import { type Binding, native } from './native';
import type { CallOptions } from './options';
import type { AboutImage, Decimal, Integer, Saved, TaskSnapshot, Usage } from './values';

/** What {@link Image.save} takes. */
export interface SaveOptions extends CallOptions {
  /** Replaces a file that is there already, at once and whole. By default such a file is not touched. */
  overwrite?: boolean | undefined;
  /** Adds the extension of the image's own format to the path. */
  addExtension?: boolean | undefined;
}

/** Bytes that a stream hands out at once. */
const CHUNK = 65536;

/**
 * A finished image at the service. A handle: nothing is downloaded before {@link bytes}, {@link save} or a read of
 * {@link stream}.
 */
export class Image {
  readonly #client: Binding.Client;
  readonly #kept: Binding.Kept;
  #known: AboutImage | undefined;

  private constructor(client: Binding.Client, kept: Binding.Kept) {
    this.#client = client;
    this.#kept = kept;
  }

  /** @internal */
  static of(client: Binding.Client, kept: Binding.Kept): Image {
    return new Image(client, kept);
  }

  /** The id of the task that made it. */
  get taskId(): string {
    return this.#kept[0];
  }

  /** Where the image lies. Such addresses may expire. */
  get url(): string {
    return this.#about.url;
  }

  /** The size of the file in bytes, where the service told it. */
  get size(): Integer | null {
    return this.#about.size;
  }

  /** The identifier of the job behind the task. */
  get jobId(): string | null {
    return this.#about.jobId;
  }

  /** The width in pixels that was asked for; null for a task taken up by its id. */
  get width(): number | null {
    return this.#about.width;
  }

  /** The height in pixels that was asked for; null for a task taken up by its id. */
  get height(): number | null {
    return this.#about.height;
  }

  /** What the service said of the task, its raw JSON included. */
  get snapshot(): TaskSnapshot {
    return this.#about.snapshot;
  }

  /** What the task used and cost, where the service told it. */
  get usage(): Usage | null {
    return this.#about.snapshot.usage;
  }

  /** The cost in USD, exactly as the service gave it. */
  get cost(): Decimal | null {
    return this.usage?.cost ?? null;
  }

  // Most images are only saved: what is known of them is made into objects for those who ask.
  get #about(): AboutImage {
    return (this.#known ??= this.#client.aboutImage(this.#kept) as AboutImage);
  }

  /**
   * Fetches the image into memory: whole, checked against its promised size and its own signature; 64 MiB at most.
   *
   * Rejects with a {@link SparkT2iError} of kind `download` when it cannot be fetched or is no whole image, or `timeout`.
   * Both have the task's id, by which the image can be fetched again.
   */
  bytes(options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return finish(options, () => this.#client.imageBytes(this.#kept, options.timeout));
  }

  /**
   * Fetches the image into a file, which is whole or absent: written beside the target, checked, synced, renamed.
   *
   * @param path taken as it is (or a `file:` URL); its folder has to be there
   *
   * Rejects with a {@link SparkT2iError} of kind `io` when the target exists or cannot be written; else as {@link bytes}.
   */
  save(path: string | URL, options: SaveOptions = {}): Promise<Saved> {
    return finish(options, () => {
      const { overwrite = false, addExtension = false, timeout } = options;
      const file = path instanceof URL ? fileURLToPath(path) : path;
      return this.#client.saveImage(this.#kept, file, overwrite, addExtension, timeout);
    });
  }

  /**
   * The image as a web stream. It is fetched at the first read, whole, and checked as {@link bytes} does before the first
   * chunk is handed out: who reads to the end has never got a part of something broken. Cancelling it stops the fetching.
   */
  stream(options: CallOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    let call: Call | undefined;
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    let at = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          bytes ??= await finish<Uint8Array<ArrayBuffer>>(options, () => (call = this.#client.imageBytes(this.#kept, options.timeout)));
          // A copy: whoever is given a chunk may hand its memory on.
          controller.enqueue(bytes.slice(at, (at += CHUNK)));
          if (at >= bytes.length) {
            controller.close();
          }
        },
        cancel: () => void (call !== undefined && native.cancel(call)),
      },
      { highWaterMark: 0 },
    );
  }

  /** What is known of it, for JSON; not its content. */
  toJSON(): Omit<AboutImage, 'snapshot'> & { usage: Usage | null } {
    const { taskId, url, size, jobId, width, height, usage } = this;
    return { taskId, url, size, jobId, width, height, usage };
  }

  /** @internal */
  [inspect](...how: [number, object, never]): string {
    return shown('Image', this.toJSON(), ...how);
  }
}
