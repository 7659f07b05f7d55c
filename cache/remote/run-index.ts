/**
 * All results of a run in one object, so that whoever has the run already gets it with one request. It is a hint: what
 * it lacks is asked for one by one, and each of its entries is as much to be believed as if it came by itself.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { type Digest, isDigest } from '../../engine/core/digest.ts';
import type { SealedEntry } from './entry.ts';

/** Compressed and whole: some 100,000 results. */
export const mostIndexBytes = 64 * 2 ** 20;
const mostTextBytes = 512 * 2 ** 20;

const schema = z.strictObject({ v: z.literal(1), run: z.string(), entries: z.array(z.unknown()) });

export function encodeRunIndex(run: Digest, entries: readonly SealedEntry[]): Uint8Array {
  return zstdCompressSync(JSON.stringify({ v: 1, run, entries }));
}

/** The entries by the keys that they claim to be of, unopened; or what is wrong with the index. */
export function decodeRunIndex(bytes: Uint8Array, run: Digest): Map<Digest, unknown> | { refusal: string } {
  let document: unknown;
  try {
    const text = zstdDecompressSync(bytes, { maxOutputLength: mostTextBytes }).toString('utf8');
    document = JSON.parse(text);
  } catch (error) {
    return { refusal: `it cannot be read: ${(error as Error).message}` };
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) return { refusal: 'it is no list of results' };
  if (parsed.data.run !== run) return { refusal: 'it is that of another run' };
  return new Map(parsed.data.entries.flatMap(keyed));
}

function keyed(entry: unknown): [Digest, unknown][] {
  const { key } = (entry ?? {}) as { key?: unknown };
  return typeof key === 'string' && isDigest(key) ? [[key, entry]] : [];
}
