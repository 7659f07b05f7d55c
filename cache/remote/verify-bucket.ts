/** Reads everything that lies in a part of a bucket, and says what of it is not what its name says. */

import { blobsOf } from '../../engine/core/blobs-of.ts';
import { StreamDigest } from '../../engine/core/digest.ts';
import { eachOf } from '../../engine/core/each-of.ts';
import { BadBlob } from './bad-blob.ts';
import { decodedPieces, encodingOf } from './blob-encoding.ts';
import type { BucketContents, ObjectKind } from './bucket-contents.ts';
import { decodeEntry } from './entry.ts';
import { blobObject, digestOfObject, entryObject, runObject } from './layout.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';
import { readEntry } from './read-entry.ts';
import { discard } from './read-range.ts';
import { readRunIndex } from './read-run-index.ts';
import { anybody, type Trust } from './trust.ts';

export interface VerifySetting {
  readonly objects: ObjectStore;
  /** What is read. */
  readonly contents: BucketContents;
  readonly trust: Trust;
  /** Told of each object when it has been read. */
  readonly onVerified: (object: ListedObject) => void;
}

export interface BadObject {
  readonly kind: Exclude<ObjectKind, 'leases'>;
  readonly object: ListedObject;
  /** For people, as 'it …'. */
  readonly reason: string;
}

export interface VerifiedBucket {
  readonly bad: readonly BadObject[];
  /** Sound results of writers whom this reader does not trust. */
  readonly untrusted: number;
  /** Sound results of which the bucket lacks bytes: those are made again when they are wanted. */
  readonly incomplete: number;
}

const runsAtOnce = 4;
const resultsAtOnce = 64;
/** Each is read as a stream. */
const blobsAtOnce = 8;

/** Memory does not grow with the size of blobs. @throws {RemoteError} */
export async function verifyBucket(setting: VerifySetting): Promise<VerifiedBucket> {
  const { objects, contents, trust, onVerified } = setting;
  const present = new Set(contents.blobs.map(({ key }) => key));
  const bad: BadObject[] = [];
  let [untrusted, incomplete] = [0, 0];
  const note = (kind: BadObject['kind'], object: ListedObject, reason: string | undefined): void => {
    if (reason !== undefined) bad.push({ kind, object, reason });
    onVerified(object);
  };
  await eachOf(contents.runs, runsAtOnce, async (run) => note('runs', run, await faultOfRun(objects, run)));
  await eachOf(contents.results, resultsAtOnce, async (object) => {
    const key = digestOfObject(object.key);
    if (key === undefined || entryObject(key) !== object.key) return note('results', object, misplaced);
    const opened = await readEntry(objects, key, anybody);
    note('results', object, opened && 'refusal' in opened ? opened.refusal : undefined);
    if (!opened || 'refusal' in opened) return;
    if (trust.faultOf(opened.entry.writer) !== undefined) untrusted += 1;
    if (blobsOf(opened.entry.result).some(({ digest }) => !present.has(blobObject(digest)))) incomplete += 1;
  });
  await eachOf(contents.blobs, blobsAtOnce, async (blob) =>
    note('blobs', blob, await faultOfBlob(objects, blob)),
  );
  return { bad, untrusted, incomplete };
}

const misplaced = 'its name is none of this cache';

/** Undefined if it is sound, or gone meanwhile. */
async function faultOfRun(objects: ObjectStore, { key }: ListedObject): Promise<string | undefined> {
  const run = digestOfObject(key);
  if (run === undefined || runObject(run) !== key) return misplaced;
  const entries = await readRunIndex(objects, run);
  if (!entries) return undefined;
  if ('refusal' in entries) return entries.refusal;
  for (const [wanted, sealed] of entries) {
    const opened = decodeEntry(sealed, { wanted, trust: anybody });
    if ('refusal' in opened) return `one of its results is none: ${opened.refusal}`;
  }
  return undefined;
}

/** As `faultOfRun`. */
async function faultOfBlob(objects: ObjectStore, { key }: ListedObject): Promise<string | undefined> {
  const digest = digestOfObject(key);
  if (digest === undefined || blobObject(digest) !== key) return misplaced;
  const opened = await objects.get(key);
  if (!opened) return undefined;
  const sizeBytes = Number(opened.notes.size);
  try {
    const encoding = encodingOf(opened, sizeBytes);
    const hasher = new StreamDigest();
    const pieces = encoding === 'zstd' ? decodedPieces(opened.body, sizeBytes) : opened.body;
    for await (const piece of pieces) hasher.update(piece);
    return hasher.finish() === digest ? undefined : 'its bytes have another digest';
  } catch (error) {
    await discard(opened);
    if (error instanceof BadBlob) return error.message;
    throw error;
  }
}
