/** `flow clean`: removes what can be made again, and results only where that is asked for and confirmed. */
import { createInterface } from 'node:readline/promises';
import { FlowError, printable } from '../../core/errors.ts';
import { runningBuilds } from '../../io/running-mark.ts';
import { counted, sizeText } from '../duration-text.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';
import { shown } from '../yaml-document.ts';
import { cacheRemovals, memoryRemovals, runRemovals } from './find-removals.ts';
import { freedBytes, type Removal, remove } from './removal.ts';

export interface CleanFlags {
  readonly runs?: readonly string[];
  readonly olderThan?: number;
  readonly all?: boolean;
  readonly cache?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly results?: string;
  readonly cacheDir?: string;
}

/** @throws {FlowError} `config_invalid` if a build is running, or results are to go and nobody can be asked */
export async function cleanCommand(flags: CleanFlags): Promise<void> {
  const workspace = findWorkspace(flags);
  refuseWhileBuilding(workspace);
  const found = await findRemovals(flags, workspace);
  const removals = found.map((removal) => ({ ...removal, sizeBytes: freedBytes(removal) }));
  const sizeBytes = removals.reduce((sum, removal) => sum + removal.sizeBytes, 0);
  if (removals.length === 0) return say('There is nothing to remove.');
  const isAsking = !flags.yes && !flags.dryRun && isPrecious(flags);
  if (isAsking) refuseUnlessAsked();
  for (const { what, path, sizeBytes: size } of merged(removals)) {
    const verb = flags.dryRun || isAsking ? 'would remove' : 'removed';
    if (!isAsking && !flags.dryRun) remove({ path, what });
    say(`${verb}  ${sizeText(size).padStart(8)}  ${printable(what)}  ${shown(path)}`);
  }
  void sizeBytes;
}
