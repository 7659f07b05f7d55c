import type { Digest } from '../../engine/core/digest.ts';
import { decodeEntry, mostEntryBytes, type Opened } from './entry.ts';
import { entryObject } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { readWhole } from './read-whole.ts';
import type { Trust } from './trust.ts';

/** The result of an action; undefined if there is none. @throws {RemoteError} */
export async function readEntry(
  objects: ObjectStore,
  key: Digest,
  trust: Trust,
): Promise<Opened | undefined> {
  const read = await readWhole(objects, entryObject(key), { mostBytes: mostEntryBytes });
  if (!read) return undefined;
  return 'bytes' in read
    ? decodeEntry(read.bytes, { wanted: key, trust })
    : { refusal: `it ${read.refusal}` };
}
