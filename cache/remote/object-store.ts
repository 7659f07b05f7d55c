/**
 * Objects below one prefix of a bucket: as much of S3 as every server has. `S3Objects` speaks to a server; the others
 * wrap it, each for one purpose: to retry, to break the circuit, to pace, to count.
 */

export interface ObjectFacts {
  /** Of the whole object, also where only a range of it was asked for. */
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** When it was last written, by the server's clock; milliseconds since 1970. */
  readonly modifiedAtMs: number;
  /** What its writer noted beside the content: lower-case names. */
  readonly notes: Readonly<Record<string, string>>;
}

export interface FetchedObject extends ObjectFacts {
  /** Has to be read to its end or cancelled by leaving the loop. @throws {RemoteError} where the connection breaks */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ListedObject extends Omit<ObjectFacts, 'notes'> {
  readonly key: string;
}

export interface GetOptions {
  /** Bytes that are wanted: `from` inclusive, `to` exclusive; cut off at the object's end. */
  readonly range?: { readonly from: number; readonly to: number };
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  readonly notes?: Readonly<Record<string, string>>;
  /** Written only if there is no such object (`absent`), or if it still has this etag. */
  readonly onlyIf?: 'absent' | { readonly etag: string };
  readonly signal?: AbortSignal;
}

/** `refused`: the condition did not hold, and nothing was written. */
export type PutOutcome = { readonly isWritten: true; readonly etag: string } | { readonly isWritten: false };

export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Every method throws `RemoteError`, or the reason of a signal that it was given and that has fired; nothing else. */
export interface ObjectStore {
  /** Undefined if there is no such object. */
  get(key: string, options?: GetOptions): Promise<FetchedObject | undefined>;
  head(key: string): Promise<ObjectFacts | undefined>;
  put(key: string, content: Uint8Array, options?: PutOptions): Promise<PutOutcome>;
  /** Nothing happens if there is no such object. */
  delete(key: string): Promise<void>;
  /** All whose keys begin so, in the order of their keys, page by page. */
  list(beginning: string): AsyncIterable<ListedObject>;
  /** Begins a multipart upload. @returns its id */
  beginUpload(key: string, options?: Pick<PutOptions, 'notes'>): Promise<string>;
  /** Every part but the last has at least 5 MiB. */
  putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart>;
  /** The parts that have arrived; undefined if there is no such upload. */
  listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined>;
  /** Makes the object of its parts; before that nobody sees anything of it. */
  finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void>;
  abortUpload(key: string, upload: string): Promise<void>;
}

/**
 * `unavailable`: no connection, no answer in time, a 5xx, a body that broke off. `throttled`: slow down (503 SlowDown, 429).
 * `denied`: 401 or 403, keys that are wrong or have expired. `no_bucket`. `unsupported`: the server does not know the
 * request (501). `off`: the circuit is open, nothing was asked. `invalid`: any other answer.
 */
export type RemoteFault =
  | 'unavailable'
  | 'throttled'
  | 'denied'
  | 'no_bucket'
  | 'unsupported'
  | 'off'
  | 'invalid';

/** What went wrong with a request. Its text never holds a key, a token or a signed URL. */
export class RemoteError extends Error {
  readonly fault: RemoteFault;

  constructor(fault: RemoteFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'RemoteError';
    this.fault = fault;
  }

  /** The message as a part of a sentence. */
  get reason(): string {
    return this.message.charAt(0).toLowerCase() + this.message.slice(1).replace(/\.$/, '');
  }

  /** True where the same request may succeed a moment later. */
  get isTransient(): boolean {
    return this.fault === 'unavailable' || this.fault === 'throttled';
  }
}
