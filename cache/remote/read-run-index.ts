import type { Digest } from '../../engine/core/digest.ts';
import { decodeEntry, type OpenedEntry } from './entry.ts';
import { runObject } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { readWhole } from './read-whole.ts';
import { decodeRunIndex, mostIndexBytes } from './run-index.ts';
import type { Trust } from './trust.ts';

/** Unopened entries by the keys that they claim to be of. */
export type RunIndex = ReadonlyMap<Digest, Uint8Array>;

/** The entries of a run, or why it is none; undefined if it is not there. @throws {RemoteError} */
export async function readRunIndex(
  objects: ObjectStore,
  run: Digest,
): Promise<RunIndex | { readonly refusal: string } | undefined> {
  const read = await readWhole(objects, runObject(run), { mostBytes: mostIndexBytes });
  if (!read) return undefined;
  return 'bytes' in read ? decodeRunIndex(read.bytes, run) : { refusal: `it ${read.refusal}` };
}

/** Those of its entries that a reader would take; one after the other, for all together may be too much for the memory. */
export function* soundEntries(index: RunIndex, trust: Trust): Generator<OpenedEntry> {
  for (const [wanted, sealed] of index) {
    const opened = decodeEntry(sealed, { wanted, trust });
    if ('entry' in opened) yield opened.entry;
  }
}
