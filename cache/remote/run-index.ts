/**
 * All results of a run in one object, so that whoever has the run already gets it with one request. It is a hint: what
 * it lacks is asked for one by one, and each of its entries is as much to be believed as if it came by itself.
 *
 * Compressed lines: one that says what it is, and one for each entry, behind its key. So nothing of an entry is read
 * before it is wanted: JSON takes many times its size in memory, and whoever may write to the bucket chooses what it says.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Digest, isDigest } from '../../engine/core/digest.ts';
import type { SealedEntry } from './entry.ts';

/** Readers refuse more, and writers leave out what would be more. */
export const mostIndexBytes = 64 * 2 ** 20;
const mostTextBytes = 256 * 2 ** 20;
const mostEntries = 100_000;

const newline = 0x0a;

export function encodeRunIndex(run: Digest, entries: readonly SealedEntry[]): Uint8Array {
  const lines = [Buffer.from(`${firstLine(run)}\n`)];
  let textBytes = lines[0]!.length;
  for (const entry of entries.slice(0, mostEntries)) {
    const line = Buffer.from(`${entry.key} ${JSON.stringify(entry)}\n`);
    textBytes += line.length;
    if (textBytes > mostTextBytes) break;
    lines.push(line);
  }
  return zstdCompressSync(Buffer.concat(lines));
}

/** The entries by the keys that they claim to be of, unopened; or what is wrong with the index, as 'it …'. */
export function decodeRunIndex(
  bytes: Uint8Array,
  run: Digest,
): Map<Digest, Uint8Array> | { refusal: string } {
  let text: Buffer;
  try {
    text = zstdDecompressSync(bytes, { maxOutputLength: mostTextBytes });
  } catch (error) {
    return { refusal: `it cannot be read: ${(error as Error).message}` }; // Of zlib: about the form alone.
  }
  const [first, ...lines] = linesOf(text);
  if (!first || !Buffer.from(firstLine(run)).equals(first))
    return { refusal: 'it is not the list of this run' };
  if (lines.length > mostEntries) return { refusal: `it has more than ${mostEntries} entries` };
  return new Map(lines.flatMap(keyed));
}

function firstLine(run: Digest): string {
  return JSON.stringify({ v: 1, run });
}

/** One more than there may be, at the most. */
function linesOf(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < text.length && lines.length < mostEntries + 2; ) {
    const end = text.indexOf(newline, from);
    const to = end === -1 ? text.length : end;
    lines.push(text.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

const keyLetters = 'b3:'.length + 64;

function keyed(line: Buffer): [Digest, Uint8Array][] {
  const key = line.toString('latin1', 0, keyLetters);
  return isDigest(key) ? [[key, line.subarray(keyLetters)]] : []; // JSON may begin with a space.
}
