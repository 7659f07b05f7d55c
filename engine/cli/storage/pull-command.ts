/** `flow pull`: copies runs whole from where they are stored into a folder. */
import { resolve } from 'node:path';
import { FlowError, printable } from '../../core/errors.ts';
import type { Storage } from '../../core/storage.ts';
import { FolderStorage } from '../../io/folder-storage.ts';
import { counted, sizeText } from '../duration-text.ts';
import { findRuns } from '../runs/find-runs.ts';
import { runFoldersOf } from '../runs/run-folders.ts';
import type { RunPlace } from '../runs/run-places.ts';
import { shown } from '../shown-path.ts';
import { copyRun } from './copy-run.ts';
import { copyState } from './copy-state.ts';
import type { RemotePlace } from './remote-place.ts';
import { storedRuns } from './run-storages.ts';

export interface PullFlags {
  readonly to: string;
  readonly stateTo?: string;
  readonly results?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** @throws {FlowError} as `findRuns`; `output_invalid` if a run is damaged; what the storages throw */
export async function pullCommand(words: readonly string[], flags: PullFlags): Promise<void> {
  const storages = await runFoldersOf(flags);
  using stored = await storedRuns(storages);
  await stored?.bringManifests();
  const places = await findRuns(words, storages);
  const to = new FolderStorage(resolve(flags.to));
  const stateTo = flags.stateTo === undefined ? undefined : new FolderStorage(resolve(flags.stateTo));
  refuseItself([to, stateTo], [storages.resultsFolder, storages.runStatesFolder]);
  const pulled: { run: string; folder: string; files: number; bytes: number }[] = [];
  for (const place of places) {
    const { name } = place;
    const results = sourceOf(name, stored?.results, resolve(place.folder, '../../..'));
    const copied = await copyRun({ from: results, to, name });
    if (!copied) throw vanished(place, results);
    const states = sourceOf(name, stored?.states, storages.runStatesFolder);
    if (stateTo) await copyState({ from: states, to: stateTo, name });
    const done = { run: name, folder: `${to.place}/${name}`, files: copied.files, bytes: copied.sizeBytes };
    pulled.push(done);
    if (!flags.json) process.stdout.write(pulledLine(done));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ runs: pulled })}\n`);
}

/** What is not published yet is newer here than in the bucket. */
function sourceOf(name: string, place: RemotePlace | undefined, folder: string): Storage {
  if (!place) return new FolderStorage(folder);
  return place.marks.isPending(name) ? place.copy : place.bucket;
}

function pulledLine({
  run,
  folder,
  files,
  bytes,
}: {
  run: string;
  folder: string;
  files: number;
  bytes: number;
}): string {
  const what = files === 0 ? 'was there already' : `${counted(files, 'file')}, ${sizeText(bytes)}`;
  return printable(`${run}: ${what}, in ${shown(folder)}\n`);
}

function refuseItself(targets: readonly (FolderStorage | undefined)[], sources: readonly string[]): void {
  const same = targets.find((target) => target && sources.includes(target.place));
  if (!same) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--to',
    message: `Cannot pull into "${shown(same.place)}": the runs are there.`,
    fix: 'Name another folder.',
  });
}

function vanished({ name }: RunPlace, from: Storage): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'machine',
    where: `${from.place}/${name}`,
    message: 'Cannot pull this run: somebody has removed it meanwhile.',
    fix: 'Build it again, or name another one: `flow runs`.',
  });
}
