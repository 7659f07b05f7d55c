/** What `flow clean` is to remove: only what flow has made, and never what lies behind a link. */
import { existsSync, globSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { findRuns } from '../runs/find-runs.ts';
import { type RunHead, readHead } from '../runs/read-head.ts';
import { type RunPlace, runPlaces } from '../runs/run-places.ts';
import { shown } from '../shown-path.ts';
import { RunMarks } from '../storage/run-marks.ts';
import type { Workspace } from '../workspace.ts';
import { entriesOf, isReallyIn, type Removal } from './removal.ts';

/** What of flow's own is in a cache folder; whatever else is there stays. */
const cacheEntries = /^(cas|quarantine|building|uploads|\w+\.db(-wal|-shm|\.broken.*)?)$/;

/**
 * What flow remembers of the workspace.
 *
 * @param isWhole also what the next build does not make again: how long things took, and what keys were made of
 */
export function memoryRemovals({ stateFolder }: Workspace, { isWhole }: { isWhole: boolean }): Removal[] {
  // The marks of running builds are theirs.
  const isSpared = isWhole && hasUnpublished(stateFolder); // Nobody else has what is not published yet.
  const kept = !isWhole
    ? /^(running|parts|storage|history\.db.*)$/
    : isSpared
      ? /^(running|storage)$/
      : /^running$/;
  const names = entriesOf(stateFolder).flatMap(({ name }) => (kept.test(name) ? [] : [name]));
  return removalIn(stateFolder, names, 'memory');
}

/** True if runs in working copies wait to be sent to their bucket. */
function hasUnpublished(stateFolder: string): boolean {
  return globSync('storage/*/marks', { cwd: stateFolder }).some(
    (marks) => new RunMarks(join(stateFolder, marks)).pending().length > 0,
  );
}

/** @throws {FlowError} `config_invalid` if the folder does not look like a cache of flow's */
export function cacheRemovals({ cacheFolder }: Workspace): Removal[] {
  if (!existsSync(cacheFolder)) return [];
  const folder = realpathSync(cacheFolder); // It may be a link to a larger disk.
  const names = entriesOf(folder).map(({ name }) => name);
  if (names.length > 0 && !names.includes('actions.db')) throw noCache(cacheFolder);
  return removalIn(
    folder,
    names.filter((name) => cacheEntries.test(name)),
    'cache',
  );
}

function removalIn(place: string, names: readonly string[], what: Removal['what']): Removal[] {
  return names.length === 0 ? [] : [{ what, place, paths: names.map((name) => join(place, name)) }];
}

export interface RunChoice {
  /** Words for runs, as `flow validate` takes them; undefined for all. */
  readonly words: readonly string[] | undefined;
  /** Only runs that ended before this; milliseconds since 1970. */
  readonly endedBeforeMs: number | undefined;
}

export interface RunRemovals {
  readonly removals: readonly Removal[];
  /** Runs that are not removed, and why. */
  readonly spared: readonly { readonly name: string; readonly why: string }[];
}

/** The result and state folders of runs. @throws {FlowError} as `findRuns` */
export async function runRemovals(
  { words, endedBeforeMs }: RunChoice,
  workspace: Workspace,
): Promise<RunRemovals> {
  const { resultsFolder } = workspace;
  const places = words === undefined ? runPlaces(resultsFolder) : await findRuns(words, workspace);
  const removals: Removal[] = [];
  const spared: { name: string; why: string }[] = [];
  for (const place of places) {
    const head = readHead(place.manifestPath);
    const why = head ? reasonToSpare(place, workspace) : 'its manifest.json is damaged, or not of a run';
    if (why !== undefined) spared.push({ name: place.name, why });
    else if (endedBeforeMs === undefined || endOf(head!) < endedBeforeMs)
      removals.push(...foldersOf(place, workspace));
  }
  return { removals, spared };
}

function reasonToSpare(
  { folder }: RunPlace,
  { root, resultsFolder, resultsUrl }: Workspace,
): string | undefined {
  if (resultsUrl !== undefined && folder.startsWith(`${resultsFolder}/`))
    return `it is kept at ${resultsUrl}, and only folders are cleaned`;
  // Three folders up: the results folder itself, also of a run that was named by its path.
  if (!isReallyIn(join(folder, '../../..'), folder)) return 'it is reached through a link';
  return `${root}/`.startsWith(`${folder}/`) ? 'the workspace lies in it' : undefined;
}

function endOf({ run }: RunHead): number {
  return Date.parse(run.finished_at ?? run.created_at);
}

function foldersOf({ folder, name }: RunPlace, { resultsFolder, runStatesFolder }: Workspace): Removal[] {
  const isInStore = folder === join(resultsFolder, name);
  if (!isInStore) return [{ what: 'results', place: folder, paths: [folder] }];
  const results: Removal = { what: 'results', place: folder, paths: [folder], emptyUpTo: resultsFolder };
  const state = join(runStatesFolder, name);
  if (!existsSync(state) || !isReallyIn(runStatesFolder, state)) return [results];
  return [results, { what: 'state', place: state, paths: [state], emptyUpTo: runStatesFolder }];
}

function noCache(folder: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(folder),
    message: 'Cannot remove this cache: it does not look like one of flow.',
    fix: 'Name the right one: --cache-dir, or FLOW_CACHE_DIR.',
  });
}
