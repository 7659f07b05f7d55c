/** `flow heal`: builds what is missing in runs that were built in part, and leaves the rest as it is. */
import { existsSync } from 'node:fs';
import { FlowError } from '../../core/errors.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { type BuildParts, buildCommand } from '../build-command.ts';
import type { BuildFlags } from '../build-flags.ts';
import type { PreparedBuild } from '../prepare-build.ts';
import { readManifest } from '../runs/read-manifest.ts';
import { oneLine } from '../short-names.ts';
import { publishedRuns } from '../storage/publish-build.ts';
import { storedRuns } from '../storage/run-storages.ts';
import { narrowToHoles } from './holes.ts';

/** @returns the exit status */
export function healCommand(
  argv: readonly string[],
  words: readonly string[],
  flags: BuildFlags,
): Promise<number> {
  return buildCommand(argv, words, flags, { narrow });
}

async function narrow(prepared: PreparedBuild, { session, workbench }: BuildParts): Promise<PreparedBuild> {
  const { assembled, programs } = prepared;
  const { actions, blobs } = workbench;
  const specs: RunSpec[] = [];
  using stored = await storedRuns(session.workspace);
  for (const { name } of publishedRuns(assembled.specs)) await stored?.bringBeginning(name);
  for (const spec of assembled.specs) {
    const manifest = readManifest(manifestOf(spec));
    const [published] = publishedRuns([spec]);
    const unsound = published && (await stored?.unsoundComponents(published.name, manifest));
    const setting = { actions, blobs, programs: programs.identities };
    const narrowed = await narrowToHoles(spec, { manifest, unsound }, setting);
    if (narrowed) specs.push(narrowed);
    else process.stderr.write(`${oneLine(spec.scope.label)} has no holes\n`);
  }
  return { ...prepared, assembled: { ...assembled, specs } };
}

/** @throws {FlowError} `config_invalid` if there is nothing to heal */
function manifestOf({ scope, record }: RunSpec): string {
  if (record && existsSync(record.manifestPath)) return record.manifestPath;
  const why = record
    ? 'it was not built with this stage and profile'
    : 'targets of the workspace have no runs';
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: record ? scope.label : 'flow heal',
    message: `Cannot heal this run: ${why}.`,
    fix: record ? `Build it: \`flow build ${scope.label}\`.` : 'Name runs of videos: run:VIDEO.',
  });
}
