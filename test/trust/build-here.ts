/** `flow build` of a rig's workspace in this very process: some tests need hundreds of builds. */
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, buildCommand } from '../../engine/cli/build-command.ts';
import type { BuildFlags } from '../../engine/cli/build-flags.ts';
import { readUpToDate } from '../../engine/cli/up-to-date.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import type { Rig } from '../rig.ts';

export interface BuildHere {
  readonly status: number;
  readonly events: readonly TimedEvent[];
  /** Components that executed an action anew, sorted, each once. */
  readonly ran: readonly string[];
  /** Components that executed an action again for its bytes. */
  readonly regenerated: readonly string[];
  readonly warnings: readonly string[];
}

/** Builds with events, so that nothing is answered from the record of the last build. */
export async function buildHere(
  rig: Rig,
  targets: readonly string[] = ['//...'],
  flags: Partial<BuildFlags> = {},
  options: BuildOptions = {},
): Promise<BuildHere> {
  const eventsFile = join(dirname(rig.root), 'events-here.ndjson');
  rmSync(eventsFile, { force: true });
  const status = await build(rig, targets, { events: eventsFile, ...flags }, options);
  const events = readFileSync(eventsFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TimedEvent);
  const componentsOf = (reason: string): string[] => [
    ...new Set(
      events.flatMap((event) =>
        event.type === 'action_finished' && event.reason === reason ? [event.component] : [],
      ),
    ),
  ];
  return {
    status,
    events,
    ran: componentsOf('new').sort(),
    regenerated: componentsOf('regenerate').sort(),
    warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
  };
}

/** As a user would: answered from the record of the last build if that is up to date. */
export async function buildAsUser(
  rig: Rig,
  targets: readonly string[] = ['//...'],
  options: BuildOptions = {},
): Promise<'up to date' | number> {
  process.chdir(rig.root);
  const isUpToDate = (await readUpToDate(rig.path('.flow'), argvOf(targets))) !== undefined;
  return isUpToDate ? 'up to date' : build(rig, targets, {}, options);
}

async function build(
  rig: Rig,
  targets: readonly string[],
  flags: Partial<BuildFlags>,
  options: BuildOptions = {},
): Promise<number> {
  process.chdir(rig.root);
  const write = process.stderr.write;
  process.stderr.write = () => true; // Errors are told there even to those who want quiet; the tests read events.
  try {
    const own = { quiet: true, cacheDir: rig.cacheDir, platformId: 'local', dataprocessorVersion: 'unknown' };
    return await buildCommand(argvOf(targets), targets, { ...own, ...flags }, options);
  } finally {
    process.stderr.write = write;
  }
}

function argvOf(targets: readonly string[]): string[] {
  return ['build', ...targets];
}
