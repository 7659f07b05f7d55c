/** Where results and states of runs are kept: a folder, or the objects below a prefix of a bucket. */
import { type Digest, digestOf, StreamDigest } from './digest.ts';
import { FlowError } from './errors.ts';

/** A relative path: segments with `/` between them, none empty, none of them `.` or `..`. */
export type StorageKey = string & { readonly __brand: 'StorageKey' };

export interface StoredFacts {
  readonly sizeBytes: number;
  /** Another one whenever the content has been written anew. */
  readonly version: string;
}

export interface StoredEntry extends StoredFacts {
  readonly key: StorageKey;
}

export interface StoredContent extends StoredFacts {
  /** Has to be read to its end or cancelled by leaving the loop. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** `from` inclusive, `to` exclusive; cut off at the end of the content. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** What is to be written: pieces of any size, read as they are sent. What `open` or its reading throws, `write` throws. */
export interface NewContent {
  readonly sizeBytes: number;
  /** Of all its bytes: it is noted with them. */
  readonly digest: Digest;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** Every method throws `FlowError`: `remote_unavailable`, `auth_failed`, `config_invalid`, `disk_full`. */
export interface Storage {
  /** For people: a folder's path, or `s3://bucket/prefix`. */
  readonly place: string;
  /** Undefined if there is nothing under this key. */
  read(key: StorageKey, range?: ByteRange): Promise<StoredContent | undefined>;
  /** Undefined if there is nothing under this key; costs no transfer of the content. */
  exists(key: StorageKey): Promise<StoredFacts | undefined>;
  /** The digest of the bytes that are there, which may have to be read for it; undefined if there is nothing. */
  digestOf(key: StorageKey): Promise<Digest | undefined>;
  /**
   * Atomic: who reads sees what was there before, or all of the new content.
   *
   * @returns its version; empty where somebody else has written it anew before that could be told
   */
  write(key: StorageKey, content: NewContent): Promise<string>;
  /** All keys below a folder, or all there are, in order. */
  list(folder?: StorageKey): AsyncIterable<StoredEntry>;
  /** Nothing happens if there is nothing under this key. */
  remove(key: StorageKey): Promise<void>;
}

/** The pieces of a new content. @throws {FlowError} `output_invalid` at its end, if they are not what it was said to be */
export async function* checkedPieces({ open, digest, sizeBytes }: NewContent): AsyncGenerator<Uint8Array> {
  const hasher = new StreamDigest();
  let readBytes = 0;
  for await (const piece of open()) {
    hasher.update(piece);
    readBytes += piece.length;
    if (readBytes > sizeBytes) break; // Whoever sends it must not be able to fill the disk.
    yield piece;
  }
  if (readBytes === sizeBytes && hasher.finish() === digest) return;
  throw new FlowError({
    code: 'output_invalid',
    blame: 'machine',
    message: `Cannot copy ${digest}: the bytes that were read are others.`,
    fix: 'Something has changed or damaged them: build the run again.',
  });
}

/** Content that is in memory. */
export function contentOf(bytes: Uint8Array): NewContent {
  return {
    sizeBytes: bytes.length,
    digest: digestOf(bytes),
    open: async function* () {
      yield bytes;
    },
  };
}

/** All of a small content. @throws {FlowError} `output_invalid` if it is larger than `mostBytes` */
export async function wholeOf(
  { body, sizeBytes }: Pick<StoredContent, 'body' | 'sizeBytes'>,
  mostBytes = 256 * 2 ** 20,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > mostBytes) throw tooLarge(sizeBytes, mostBytes);
    pieces.push(piece);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function tooLarge(sizeBytes: number, mostBytes: number): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'user',
    message: `Cannot read this into memory: it has ${sizeBytes} bytes, and ${mostBytes} are the most.`,
    fix: 'No manifest or state is so large: build the run again.',
  });
}

/** What S3 allows; a file system has less room for a segment, and says so itself. */
const longestBytes = 800;

/**
 * The key that a text is.
 *
 * @throws {FlowError} `config_invalid` for what could lead out of the storage, or means different things in different ones
 */
export function storageKey(text: string): StorageKey {
  const fault = faultOfKey(text);
  if (fault === undefined) return text as StorageKey; // Checked: this is the one place that makes keys.
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot use ${JSON.stringify(text)} as a place in a storage: ${fault}.`,
    fix: 'Paths of results are relative, as "decode/frames.npz"; build the run again if its manifest is damaged.',
  });
}

export function isStorageKey(text: string): text is StorageKey {
  return faultOfKey(text) === undefined;
}

function faultOfKey(text: string): string | undefined {
  if (text.startsWith('/')) return 'it is absolute';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\\\0-\x1f\x7f]/.test(text)) return 'it holds a backslash or a control character';
  const segments = text.split('/');
  if (segments.includes('')) return 'a part of it is empty';
  if (segments.includes('..') || segments.includes('.')) return 'a part of it is "." or ".."';
  return new TextEncoder().encode(text).length > longestBytes
    ? `it is longer than ${longestBytes} bytes`
    : undefined;
}
