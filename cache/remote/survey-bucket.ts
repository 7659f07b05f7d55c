/**
 * Finds what of a bucket nobody needs any more: runs that nobody has built for long; results that are as old, and in no
 * run that stays; blobs that no result that stays has named.
 *
 * Ages are judged by the server's clock alone. What a build begins to use meanwhile and finds gone is made again.
 */
import { randomUUID } from 'node:crypto';
import type { Digest } from '../../engine/core/digest.ts';
import { decodeEntry, mostEntryBytes, type OpenedEntry, openEntry } from './entry.ts';
import {
  blobObject,
  blobsBeginning,
  digestOfObject,
  entriesBeginning,
  entryObject,
  leasesBeginning,
  runsBeginning,
} from './layout.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';
import { readWhole } from './read-whole.ts';
import { decodeRunIndex, mostIndexBytes } from './run-index.ts';
import { Trust } from './trust.ts';

export interface SurveySetting {
  readonly objects: ObjectStore;
  /** What was written longer ago is old; milliseconds. */
  readonly oldMs: number;
}

export interface BucketSurvey {
  /** In the order in which they may be deleted: what names others before what it names. */
  readonly unneeded: readonly ListedObject[];
  /** What stays, by kind. */
  readonly runs: number;
  readonly results: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** Whose result it is does not matter: somebody may believe it. */
const trust = new Trust({ trusted: undefined, own: undefined });

/** Whoever sends a result sends its blobs first: they are nobody's for a while. */
const unfinishedMs = 24 * 3_600_000;
/** Requests that are made at a time; the store itself paces them. */
const batch = 256;

/** @throws {RemoteError} */
export async function surveyBucket(setting: SurveySetting): Promise<BucketSurvey> {
  const { objects, oldMs } = setting;
  const nowMs = await serverNowMs(objects);
  const isOld = ({ modifiedAtMs }: ListedObject): boolean => nowMs - modifiedAtMs > oldMs;
  const isFinished = ({ modifiedAtMs }: ListedObject): boolean =>
    nowMs - modifiedAtMs > Math.max(oldMs, unfinishedMs);
  const [oldRuns, runs] = parted(await listed(objects, runsBeginning), isOld);
  const needed = new Set<string>();
  for (const entry of await entriesOfRuns(setting, runs)) need(needed, entry);
  const [oldEntries, entries] = parted(
    await listed(objects, entriesBeginning),
    (entry) => isOld(entry) && !needed.has(entry.key),
  );
  const unread = entries.filter(({ key }) => !needed.has(key));
  for (const entry of await entriesOf(setting, unread)) need(needed, entry);
  const [oldBlobs, blobs] = parted(
    await listed(objects, blobsBeginning),
    (blob) => isFinished(blob) && !needed.has(blob.key),
  );
  const leases = (await listed(objects, leasesBeginning)).filter(isFinished);
  const staying = [...runs, ...entries, ...blobs];
  return {
    unneeded: [...oldRuns, ...oldEntries, ...oldBlobs, ...leases],
    runs: runs.length,
    results: entries.length,
    blobs: blobs.length,
    bytes: staying.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** Tells the time by an object that is written for it. */
async function serverNowMs(objects: ObjectStore): Promise<number> {
  const key = `${leasesBeginning}clock-${randomUUID()}`;
  await objects.put(key, new Uint8Array(0));
  const facts = await objects.head(key);
  await objects.delete(key);
  return facts?.modifiedAtMs ?? 0; // At the beginning of time nothing is old.
}

function listed(objects: ObjectStore, beginning: string): Promise<ListedObject[]> {
  return Array.fromAsync(objects.list(beginning));
}

function parted<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** The names of the objects that a result needs to stay: its own, and its blobs. */
function need(needed: Set<string>, { key, result }: OpenedEntry): void {
  needed.add(entryObject(key));
  for (const { digest, isEphemeral, inline } of Object.values(result.outputs))
    if (!isEphemeral && inline === undefined) needed.add(blobObject(digest));
}

async function entriesOfRuns(
  { objects }: SurveySetting,
  runs: readonly ListedObject[],
): Promise<OpenedEntry[]> {
  const found: OpenedEntry[] = [];
  for (const { key } of runs) {
    const run = digestOfObject(key);
    const read = run && (await readWhole(objects, key, { mostBytes: mostIndexBytes }));
    const entries = read && 'bytes' in read ? decodeRunIndex(read.bytes, run) : new Map<Digest, unknown>();
    if ('refusal' in entries) continue; // Nobody can use it either.
    for (const [wanted, sealed] of entries) {
      const opened = openEntry(sealed, { wanted, trust });
      if ('entry' in opened) found.push(opened.entry);
    }
  }
  return found;
}

async function entriesOf(
  { objects }: SurveySetting,
  listedEntries: readonly ListedObject[],
): Promise<OpenedEntry[]> {
  const found: OpenedEntry[] = [];
  for (let at = 0; at < listedEntries.length; at += batch) {
    const opened = await Promise.all(
      listedEntries.slice(at, at + batch).map(async ({ key }) => {
        const wanted = digestOfObject(key);
        const read = wanted && (await readWhole(objects, key, { mostBytes: mostEntryBytes }));
        return read && 'bytes' in read ? decodeEntry(read.bytes, { wanted, trust }) : undefined;
      }),
    );
    for (const one of opened) if (one && 'entry' in one) found.push(one.entry);
  }
  return found;
}
