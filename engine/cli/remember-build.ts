/** Notes that a build left nothing to do, for `up-to-date.ts`. */
import { join } from 'node:path';
import type { Disk } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { type FileState, fileState, settlesAtMs } from '../io/file-state.ts';
import type { RunOutcome } from '../run/build.ts';
import { packageRoot } from './package-root.ts';
import { writeUpToDate } from './up-to-date.ts';
import type { Workspace } from './workspace.ts';

export interface BuildMemory {
  readonly workspace: Workspace;
  readonly disk: Disk;
  readonly index: FileIndex;
  readonly outcomes: readonly RunOutcome[];
  /** Where the states of the runs are. */
  readonly stateFiles: readonly string[];
  /** When the build began to read; milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly argv: readonly string[];
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** What is not there: once it is, there is something to do. */
  readonly absent: readonly string[];
  readonly message: string;
}

/** Notes that all is done, if what was read cannot have changed meanwhile and what was written is in place. */
export async function rememberBuild(memory: BuildMemory): Promise<void> {
  const { workspace, disk, index, outcomes, stateFiles, argv, message, absent } = memory;
  const sources = sourceStates(memory);
  if (!sources) return;
  const manifests = outcomes.flatMap(({ spec }) => spec.record?.manifestPath ?? []);
  for (const path of [...manifests, ...stateFiles])
    if (!(await index.digestOf(path).catch(() => undefined))) return; // It could not be written.
  const outputs = await index.settle(new Set([...outcomes.flatMap(({ files }) => files), ...stateFiles]));
  if (!outputs) return;
  const files = Object.fromEntries([...sources, ...outputs, ...absent.map((path) => [path, null] as const)]);
  // What cannot be written down is found out again by the next build.
  await writeUpToDate(disk, workspace.stateFolder, argv, { message, files }).catch(() => undefined);
}

/** The states of all that was read; undefined if some of it may have changed since the build began. */
function sourceStates({
  index,
  files,
  folders,
  workspace,
  startedAtMs,
}: BuildMemory): Map<string, FileState | null> | undefined {
  const states = new Map<string, FileState | null>();
  for (const path of [...files, join(packageRoot, 'package.json'), process.argv[1]!]) {
    const state = fileState(path);
    if (state === undefined || settlesAtMs(state) >= startedAtMs) return undefined;
    if ((index.stateWhenRead(path) ?? state) !== state) return undefined; // Another file has taken its place.
    states.set(path, state);
  }
  for (const path of [...folders, join(workspace.root, 'flow.yaml')]) {
    const state = fileState(path) ?? null; // If it comes into being, that is a change.
    if (state !== null && settlesAtMs(state) >= startedAtMs) return undefined;
    states.set(path, state);
  }
  return states;
}
