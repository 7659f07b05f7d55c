/**
 * Brings a local cache within its limits, also while builds use it. Killed at any moment it leaves a cache that works:
 * a note of something that is still there says nothing, and a result whose bytes are gone has them made again.
 */
import { Breather } from '../engine/io/breather.ts';
import { cacheHolders } from '../engine/io/cache-hold.ts';
import type { DiskSpace } from '../engine/io/disk-space.ts';
import type { CacheLimits } from './cache-limits.ts';
import { chooseEvictions, type Eviction } from './choose-evictions.ts';
import type { LocalStores } from './local-stores.ts';
import { touchEveryMs } from './sqlite-cache-records.ts';
import { type CacheSurvey, type Leftover, type Surveyed, surveyCache } from './survey-cache.ts';

export interface CollectionOptions {
  readonly limits: CacheLimits;
  readonly space: DiskSpace | undefined;
  /** Told how many of the bytes that are to go have gone. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** What is to go. */
export interface CollectionPlan {
  readonly survey: CacheSurvey;
  readonly evictions: readonly Eviction<Surveyed>[];
  readonly leftovers: readonly Leftover[];
  /** What running builds hold. */
  readonly heldBytes: number;
}

export interface Collected {
  readonly evictions: readonly Eviction<Surveyed>[];
  readonly leftovers: readonly Leftover[];
  /** What the cache holds afterwards. */
  readonly usedBytes: number;
}

const dayMs = 24 * 3_600_000;
/** How long what may still be of use is kept: a download to be gone on with, a damaged blob to be looked at. */
const graceMs = { temporary: 0, part: dayMs, quarantine: 7 * dayMs } as const;
/** So much goes between two looks at who uses the cache. */
const batchSize = 64;

/** Looks what would go. */
export async function planCollection(
  stores: LocalStores,
  { limits, space }: Pick<CollectionOptions, 'limits' | 'space'>,
): Promise<CollectionPlan> {
  stores.records.flush();
  const survey = await surveyCache(stores);
  const [nowMs, heldSinceMs] = [Date.now(), heldSince(stores)];
  const leftovers = survey.leftovers.filter(
    ({ what, modifiedAtMs }) => modifiedAtMs < Math.min(heldSinceMs, nowMs - graceMs[what]),
  );
  const usedBytes = survey.usedBytes - sizeOf(leftovers);
  const freeBytes = space && space.freeBytes + sizeOf(leftovers);
  const candidates: readonly Surveyed[] = [...survey.blobs, ...survey.results];
  const standing = { usedBytes, freeBytes, heldSinceMs, nowMs };
  return {
    survey,
    evictions: chooseEvictions(candidates, limits, standing),
    leftovers,
    heldBytes: sizeOf(candidates.filter(({ lastUsedAtMs }) => lastUsedAtMs >= heldSinceMs)),
  };
}

/** Removes what `planCollection` finds, but for what has been used meanwhile. */
export async function collectGarbage(stores: LocalStores, options: CollectionOptions): Promise<Collected> {
  const { survey, evictions, leftovers } = await planCollection(stores, options);
  const breather = new Breather();
  const totalBytes = sizeOf(leftovers) + sizeOf(evictions.map(({ candidate }) => candidate));
  let doneBytes = 0;
  const done = (bytes: number): void => {
    doneBytes += bytes;
    options.onProgress?.(doneBytes, totalBytes);
  };
  for (const { path, sizeBytes } of leftovers) {
    await stores.disk.remove(path);
    done(sizeBytes);
  }
  const evicted: Eviction<Surveyed>[] = [];
  for (let at = 0; at < evictions.length; at += batchSize) {
    const batch = evictions.slice(at, at + batchSize);
    const gone = await evict(batch, stores, breather);
    evicted.push(...gone);
    done(sizeOf(batch.map(({ candidate }) => candidate)));
  }
  const usedBytes = survey.usedBytes - sizeOf(leftovers) - sizeOf(evicted.map(({ candidate }) => candidate));
  stores.records.setUsedBytes(usedBytes);
  return { evictions: evicted, leftovers, usedBytes };
}

/** Why something goes that no limit has chosen: somebody has asked for it. */
export type RemovalReason = Eviction['reason'] | 'removed';

export interface Removal {
  readonly candidate: Surveyed;
  readonly reason: RemovalReason;
}

/** Removes entries, with a note of each. */
export async function removeEntries(
  removals: readonly Removal[],
  { records, actions, blobs }: LocalStores,
  breather: Breather = new Breather(),
): Promise<void> {
  const atMs = Date.now();
  const notes = removals.map(({ candidate: { id, sizeBytes: bytes }, reason }) => ({
    id,
    reason,
    bytes,
    atMs,
  }));
  records.note('evicted', notes);
  for (const { candidate } of removals) {
    // Results first: a blob that none of them names is looked for by nobody.
    if (candidate.what === 'result') actions.delete(candidate.id);
    await breather.breathe();
  }
  for (const { candidate } of removals) if (candidate.what === 'blob') await blobs.delete(candidate.id);
}

async function evict(
  batch: readonly Eviction<Surveyed>[],
  stores: LocalStores,
  breather: Breather,
): Promise<readonly Eviction<Surveyed>[]> {
  const heldSinceMs = heldSince(stores);
  const isFree = ({ candidate }: Eviction<Surveyed>): boolean => {
    const ids = candidate.what === 'blob' ? [candidate.id, ...candidate.namedBy] : [candidate.id];
    return ids.every((id) => (stores.records.usedAtMs(id) ?? 0) < heldSinceMs);
  };
  const gone = batch.filter(isFree);
  await removeEntries(gone, stores, breather);
  return gone;
}

/** A use is written down within so much of its time, which counts for the builds that hold. */
function heldSince({ folder }: LocalStores): number {
  const begun = cacheHolders(folder).map(({ sinceMs }) => sinceMs);
  return Math.min(...begun) - touchEveryMs;
}

function sizeOf(things: readonly { readonly sizeBytes: number }[]): number {
  return things.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
