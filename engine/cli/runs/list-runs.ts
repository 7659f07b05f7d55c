/** The runs of a results folder, from their manifests alone. */
import { join } from 'node:path';
import { type FlowError, toFlowError } from '../../core/errors.ts';
import type { Manifest, ManifestComponent } from '../../core/manifest.ts';
import type { RunStorages } from '../storage/run-storages.ts';
import { type LiveStatus, liveStatus } from './live-status.ts';
import { type RunHead, readHead } from './read-head.ts';
import { type RunPlace, runPlaces } from './run-places.ts';

export interface ListedRun {
  readonly place: RunPlace;
  /** When its manifest was begun: with which the list is sorted. */
  readonly createdAt: string;
  readonly run: Manifest['run'];
  readonly status: LiveStatus;
  /** How many components have ended in what. */
  readonly components: Readonly<Record<ManifestComponent['status'], number>>;
  /** From its beginning to its end; undefined where it has none. */
  readonly durationMs: number | undefined;
  /** Of all of its outputs. */
  readonly sizeBytes: number;
}

/** A run whose manifest cannot be read, and why. */
export interface DamagedRun {
  readonly place: RunPlace;
  readonly error: FlowError;
}

/** Newest first; those that cannot be read come last, by name. */
export async function listRuns({
  resultsFolder,
  runStatesFolder,
}: Pick<RunStorages, 'resultsFolder' | 'runStatesFolder'>): Promise<(ListedRun | DamagedRun)[]> {
  const all = await Promise.all(runPlaces(resultsFolder).map((place) => readListed(place, runStatesFolder)));
  const isRead = (one: ListedRun | DamagedRun): one is ListedRun => 'run' in one;
  const newestFirst = all.filter(isRead).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return [...newestFirst, ...all.filter((one) => !isRead(one))];
}

async function readListed(place: RunPlace, statesFolder: string): Promise<ListedRun | DamagedRun> {
  const head = readHead(place.manifestPath);
  if (head) return listedRun(place, head, statesFolder);
  const { readManifest } = await import('./read-manifest.ts');
  try {
    return listedRun(place, readManifest(place.manifestPath), statesFolder);
  } catch (thrown) {
    return { place, error: toFlowError(thrown) };
  }
}

function listedRun(place: RunPlace, { run, components }: RunHead, statesFolder: string): ListedRun {
  const counts = { success: 0, empty: 0, error: 0, skipped: 0 };
  let sizeBytes = 0;
  for (const { status, outputs } of components) {
    counts[status] += 1;
    for (const { bytes } of outputs) sizeBytes += bytes;
  }
  return {
    place,
    run,
    createdAt: run.created_at,
    status: liveStatus(run.status, join(statesFolder, place.name)),
    components: counts,
    durationMs: durationOf(run),
    sizeBytes,
  };
}

/** Wall time of a run that is over; milliseconds. */
export function durationOf({ created_at, finished_at }: Manifest['run']): number | undefined {
  return finished_at === null ? undefined : Math.max(0, Date.parse(finished_at) - Date.parse(created_at));
}
