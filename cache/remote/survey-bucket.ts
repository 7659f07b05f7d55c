/**
 * Finds what of a part of a bucket nobody needs any more: runs that nobody has sent for long; results that are as old,
 * and in no run that stays; blobs that no result that stays has named.
 *
 *     run (young) ──► result (of any age) ──► blob (of any age)
 *                     result (young) ───────► blob (of any age)
 *
 * Ages are judged by the server's clock alone. What a build begins to use meanwhile and finds gone is made again.
 */
import { randomUUID } from 'node:crypto';
import { blobsOf } from '../../engine/core/blobs-of.ts';
import { eachOf } from '../../engine/core/each-of.ts';
import { type BucketContents, listContents } from './bucket-contents.ts';
import type { OpenedEntry } from './entry.ts';
import { blobObject, digestOfObject, entryObject, leasesBeginning } from './layout.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';
import { readEntry } from './read-entry.ts';
import { readRunIndex, soundEntries } from './read-run-index.ts';
import { anybody } from './trust.ts';

export interface SurveySetting {
  readonly objects: ObjectStore;
  /** What was written so long ago or longer is old; milliseconds, of which a server's clock tells whole seconds. */
  readonly oldMs: number;
}

export interface BucketSurvey {
  readonly unneeded: BucketContents;
  readonly staying: BucketContents;
}

/** Whoever sends a result sends its blobs first: they are nobody's for a while. Leases live for seconds. */
const unfinishedMs = 24 * 3_600_000;

/** A list of results may take 64 MiB. */
const runsAtOnce = 4;
const resultsAtOnce = 256;

/** @throws {RemoteError} */
export async function surveyBucket({ objects, oldMs }: SurveySetting): Promise<BucketSurvey> {
  const nowMs = await serverNowMs(objects);
  const isOlder = ({ modifiedAtMs }: ListedObject, ms: number): boolean =>
    nowMs - wholeSeconds(modifiedAtMs) >= ms;
  const contents = await listContents(objects);
  const needed = new Set<string>();
  const runs = parted(contents.runs, (run) => !isOlder(run, oldMs));
  await eachOf(runs.staying, runsAtOnce, async (run) => {
    for (const entry of await entriesOfRun(objects, run)) need(needed, entry);
  });
  const results = parted(contents.results, (one) => !isOlder(one, oldMs) || needed.has(one.key));
  const unread = results.staying.filter(({ key }) => !needed.has(key));
  await eachOf(unread, resultsAtOnce, async (one) => {
    const entry = await entryOf(objects, one);
    if (entry) need(needed, entry);
  });
  const youngMs = Math.max(oldMs, unfinishedMs);
  const blobs = parted(contents.blobs, (blob) => !isOlder(blob, youngMs) || needed.has(blob.key));
  const leases = parted(contents.leases, (lease) => !isOlder(lease, unfinishedMs));
  const side = (which: keyof Parted): BucketContents => {
    return { runs: runs[which], results: results[which], blobs: blobs[which], leases: leases[which] };
  };
  return { unneeded: side('unneeded'), staying: side('staying') };
}

/** Some servers list parts of a second, which the header that tells their time does not have. */
function wholeSeconds(ms: number): number {
  return ms - (ms % 1000);
}

/** The time of the server, told by an object that is written for it; milliseconds since 1970. @throws {RemoteError} */
async function serverNowMs(objects: ObjectStore): Promise<number> {
  const key = `${leasesBeginning}clock-${randomUUID()}`;
  await objects.put(key, new Uint8Array(0));
  const facts = await objects.head(key);
  await objects.delete(key);
  return facts?.modifiedAtMs ?? 0; // At the beginning of time nothing is old.
}

type Parted = Readonly<Record<'staying' | 'unneeded', readonly ListedObject[]>>;

function parted(objects: readonly ListedObject[], stays: (object: ListedObject) => boolean): Parted {
  return { staying: objects.filter(stays), unneeded: objects.filter((object) => !stays(object)) };
}

/** Notes the names of the objects that a result needs to stay: its own, and its blobs. */
function need(needed: Set<string>, { key, result }: OpenedEntry): void {
  needed.add(entryObject(key));
  for (const { digest } of blobsOf(result)) needed.add(blobObject(digest));
}

/** None of a list that nobody can use. */
async function entriesOfRun(objects: ObjectStore, { key }: ListedObject): Promise<Iterable<OpenedEntry>> {
  const run = digestOfObject(key);
  const index = run && (await readRunIndex(objects, run));
  return index && !('refusal' in index) ? soundEntries(index, anybody) : [];
}

/** Undefined for an entry that nobody can use: it holds nothing, and goes when it is old. */
async function entryOf(objects: ObjectStore, { key }: ListedObject): Promise<OpenedEntry | undefined> {
  const wanted = digestOfObject(key);
  const opened = wanted && (await readEntry(objects, wanted, anybody));
  return opened && 'entry' in opened ? opened.entry : undefined;
}
