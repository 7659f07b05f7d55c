/** `flow clean`: removes what can be made again; results and the cache only where that is asked for and confirmed. */
import { FlowError, printable } from '../../core/errors.ts';
import { runningBuilds } from '../../io/running-mark.ts';
import { refuseWhileUsed } from '../cache/refuse-while-used.ts';
import { isConfirmed } from '../confirmation.ts';
import { counted, sizeText } from '../duration-text.ts';
import { shown } from '../shown-path.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';
import { cacheRemovals, memoryRemovals, type RunRemovals, runRemovals } from './find-removals.ts';
import { freedBytes, type Removal, remove } from './removal.ts';

export interface CleanFlags {
  readonly runs?: readonly string[];
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly all?: boolean;
  readonly cache?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly results?: string;
  readonly cacheDir?: string;
}

/** @throws {FlowError} `config_invalid` if a build is running, or if results are to go and nobody can be asked */
export async function cleanCommand(flags: CleanFlags): Promise<void> {
  const workspace = findWorkspace(flags);
  if (!flags.dryRun) refuseWhileBuilding(workspace);
  if (!flags.dryRun && flags.cache) refuseWhileUsed(workspace.cacheFolder, 'remove the cache');
  const { precious, others, spared } = await findRemovals(flags, workspace);
  for (const { name, why } of spared) process.stderr.write(printable(`${name} stays: ${why}.\n`));
  const removals = [...precious, ...others];
  if (removals.length === 0) return say('There is nothing to remove.');
  const sizes = new Map(removals.map((removal) => [removal, freedBytes(removal)]));
  const total = sizeText([...sizes.values()].reduce((sum, bytes) => sum + bytes, 0));
  const tell = (heading: string): void => {
    say(heading);
    for (const [{ what, place }, bytes] of sizes)
      say(`  ${sizeText(bytes).padStart(8)}  ${what.padEnd(7)}  ${shown(place)}`);
  };
  if (flags.dryRun) {
    tell('Would remove:');
    return say(`${total} would be freed.`);
  }
  if (precious.length > 0 && !flags.yes) {
    if (!process.stdin.isTTY) throw notConfirmed(precious.length);
    tell('To remove:');
    if (!(await isConfirmed(`Remove ${counted(precious.length, 'folder')}, ${total}?`)))
      return say('Nothing was removed.');
  }
  for (const removal of removals) remove(removal);
  tell('Removed:');
  say(`${total} freed.`);
}

interface Found extends Pick<RunRemovals, 'spared'> {
  /** Results, states and the cache: what takes long to make again, or cannot be. */
  readonly precious: readonly Removal[];
  readonly others: readonly Removal[];
}

/** Without a choice of what, what flow remembers of the workspace. */
async function findRemovals(flags: CleanFlags, workspace: Workspace): Promise<Found> {
  const { runs: words, olderThan, all = false, cache = false } = flags;
  const areRuns = all || words !== undefined || olderThan !== undefined;
  const choice = {
    words: all ? undefined : words,
    endedBeforeMs: olderThan === undefined ? undefined : Date.now() - olderThan,
  };
  const { removals, spared } = areRuns ? await runRemovals(choice, workspace) : { removals: [], spared: [] };
  const isMemory = all || !(areRuns || cache);
  return {
    precious: [...removals, ...(cache ? cacheRemovals(workspace) : [])],
    others: isMemory ? memoryRemovals(workspace, { isWhole: all }) : [],
    spared,
  };
}

function say(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

function refuseWhileBuilding({ stateFolder }: Workspace): void {
  const running = runningBuilds(stateFolder);
  if (running.length === 0) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot clean: a build is running here (process ${running.join(', ')}).`,
    fix: 'Wait for its end, or interrupt it.',
  });
}

function notConfirmed(count: number): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot remove ${counted(count, 'folder')} of results or cache: nobody can be asked whether to.`,
    fix: 'Add --yes; --dry-run shows what would go.',
  });
}
