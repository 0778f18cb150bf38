import type { SparkT2iError } from './errors';
import type { Image } from './image';
import type { ImageRequest } from './request';

/** What became of one request of `generateMany`: an image, or an error. */
export type Generated = {
  /** Which request it was: its place among those given, from 0. */
  readonly index: number;
  /** The request, as it was given. */
  readonly request: string | ImageRequest;
} & (
  | {
      /** The image, where there is one. */
      readonly image: Image;
      /** Why there is none. */
      readonly error: null;
    }
  | { readonly image: null; readonly error: SparkT2iError }
);

/** What `generateMany` takes requests from. */
export type Requests = Iterable<string | ImageRequest> | AsyncIterable<string | ImageRequest>;
