/** Builds targets in a cache that is thrown away, without a remote one: what comes out owes nothing to anybody else. */
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { EventStream } from '../../core/events.ts';
import type { ActionResult } from '../../core/store.ts';
import { RealDisk } from '../../io/disk.ts';
import type { BuildFlags } from '../build-flags.ts';
import { prepareBuild } from '../prepare-build.ts';
import { runBuild } from '../run-build.ts';
import { openIndex, openSession } from '../session.ts';
import { parseTargets } from '../targets.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

/** @param folder for all that is written; who calls this removes it @returns all that was made */
export async function makeAnew(
  words: readonly string[],
  flags: BuildFlags,
  folder: string,
): Promise<ReadonlyMap<Digest, ActionResult>> {
  const startedMs = performance.now();
  const disk = new RealDisk();
  const workspace = workspaceIn(folder, flags);
  using index = openIndex(workspace);
  await using workbench = new Workbench(workspace, { disk, jobs: flags.jobs });
  const { modelFiles } = workbench;
  const session = await openSession(workspace, index, flags.profile, { disk, modelFiles });
  const prepared = await prepareBuild(session, parseTargets(words), flags);
  const events = new EventStream(Date.now);
  await runBuild({
    session,
    workbench,
    prepared,
    words,
    flags: { ...flags, quiet: true },
    startedMs,
    events,
  });
  const stored = [...workbench.actions.stored()];
  return new Map(stored.flatMap(({ key, result }) => (result ? [[key, result]] : [])));
}

/** The sources of the workspace, and nothing of what it has made. */
function workspaceIn(folder: string, flags: BuildFlags): Workspace {
  const within = (name: string): string => join(folder, name);
  const places = { results: within('results'), state: within('states'), cacheDir: within('cache') };
  return { ...openWorkspace({ ...flags, ...places }), outFolder: within('out') };
}
