/** Artifacts as bytes, and back. */
import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestJson, digestOf } from './digest.ts';
import type { Kind } from './kind.ts';
import type { NdArray } from './nd-array.ts';
import { type NpzArrays, readNpz, writeNpz } from './npz.ts';
import { sharedBytes } from './shared-bytes.ts';

export interface EncodedArtifact {
  readonly bytes: Uint8Array;
  /** Names `bytes`. */
  readonly digest: Digest;
  /** Names what the artifact says: as `digest`, but blind to an NPZ's `meta`. This is what the keys of consumers hold. */
  readonly content: Digest;
  readonly arrays?: Readonly<Record<string, { dtype: string; shape: readonly number[] }>>;
}

/**
 * Writes a value that has passed `checkOutput`.
 *
 * @param meta the document for an NPZ's `meta` array; ephemeral artifacts have none, since nobody reads them but rules
 */
export function encodeArtifact(
  kind: Kind,
  value: unknown,
  meta: Readonly<Record<string, unknown>>,
): EncodedArtifact {
  if (kind.format === 'npz') return encodeNpz(kind, value as NpzArrays, meta);
  const bytes = shared(toBytes(kind, value));
  const digest = digestOf(bytes);
  return { bytes, digest, content: digest };
}

/** Large enough that copying them from thread to thread would show. */
const shareFromBytes = 64 * 1024;

/** Bytes that other threads can read where they are. */
function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.length < shareFromBytes || bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = sharedBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

function encodeNpz(kind: Kind, arrays: NpzArrays, meta: Readonly<Record<string, unknown>>): EncodedArtifact {
  const described = Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
  );
  if (kind.isEphemeral) {
    const bytes = writeNpz(arrays);
    const digest = digestOf(bytes);
    return { bytes, digest, content: digest, arrays: described };
  }
  const text: NdArray<'unicode'> = { dtype: 'unicode', shape: [], data: [canonicalJson(meta)] };
  const bytes = writeNpz({ ...arrays, meta: text });
  return { bytes, digest: digestOf(bytes), content: contentDigest(arrays, meta), arrays: described };
}

/** Consumers see the arrays and whether they are empty, and nothing else of the meta. */
function contentDigest(arrays: NpzArrays, meta: Readonly<Record<string, unknown>>): Digest {
  const { status, empty_reason } = meta;
  return digestJson({ arrays: digestOf(writeNpz(arrays)), status, empty_reason });
}

function toBytes(kind: Kind, value: unknown): Uint8Array {
  switch (kind.format) {
    case 'json':
    case 'segments':
      return new TextEncoder().encode(`${canonicalJson(value)}\n`);
    case 'text':
      return new TextEncoder().encode(value as string);
    case 'bytes':
      return value as Uint8Array;
    case 'npz':
    case 'file':
    case 'files':
      throw new TypeError(`no output can be of kind ${kind.format} here`);
    default:
      throw new TypeError(`unknown kind ${kind.format satisfies never}`);
  }
}

/**
 * Reads an artifact as its consumer's kind says.
 *
 * @throws {Error} if the bytes are not of that kind
 */
export function decodeArtifact(kind: Kind, bytes: Uint8Array): unknown {
  switch (kind.format) {
    case 'npz': {
      const arrays = readNpz(bytes);
      // What the kind does not declare is not the reader's, and `meta` is nobody's but people's.
      return Object.fromEntries(Object.keys(kind.arrays!).map((name) => [name, arrays[name]!]));
    }
    case 'json':
      return kind.schema!.parse(JSON.parse(toText(bytes)));
    case 'segments':
      return JSON.parse(toText(bytes));
    case 'text':
      return toText(bytes);
    case 'bytes':
      return bytes;
    case 'file':
    case 'files':
      throw new TypeError(`a ${kind.format} is not decoded`);
    default:
      throw new TypeError(`unknown kind ${kind.format satisfies never}`);
  }
}

/** TextDecoder refuses shared memory, hence the copy; documents are small. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice());
}
