/** What the only run of a rig has left on disk, read as others would. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { readJournal } from '../../engine/core/journal-line.ts';
import { type Manifest, manifestSchema } from '../../engine/core/manifest.ts';
import { type JournalRecord, recordSchema } from '../../engine/core/run-state.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { type ReadState, readRunState } from '../../engine/run/read-run-state.ts';
import { journalName } from '../../engine/run/run-journal.ts';
import type { Rig } from '../rig.ts';

export function manifestOf(rig: Rig): Manifest {
  return manifestSchema.parse(JSON.parse(rig.read(onlyMatch(rig, 'result_store/*/*/*/manifest.json'))));
}

/** Digest by name of every delivered file, as it lies there. */
export function deliveredBy(rig: Rig): Record<string, string> {
  const folder = dirname(rig.path(onlyMatch(rig, 'result_store/*/*/*/manifest.json')));
  const names = globSync('*/*', { cwd: folder }).sort();
  return Object.fromEntries(names.map((name) => [name, digestOf(readFileSync(join(folder, name)))]));
}

/** The folder of the run's state. */
export function stateFolder(rig: Rig): string {
  return rig.path(onlyMatch(rig, 'state/*/*/*'));
}

export async function stateOf(rig: Rig): Promise<ReadState> {
  const state = await readRunState(new RealDisk(), stateFolder(rig));
  assert.ok(state, 'nothing of the state can be read');
  return state;
}

export function journalOf(rig: Rig): { records: JournalRecord[]; damaged: number } {
  const { records, damaged } = readJournal(readFileSync(join(stateFolder(rig), journalName), 'utf8'));
  return { records: records.map((record) => recordSchema.parse(record)), damaged };
}

/** The run has come to its end: manifest and state say so of every component, and the files are those that they name. */
export async function assertWhole(
  rig: Rig,
  clean: Readonly<Record<string, string>>,
  what: string,
): Promise<void> {
  const { run, components } = manifestOf(rig);
  const listed = components.flatMap(({ outputs }) => outputs.map(({ path, digest }) => [path, digest]));
  assert.deepEqual(deliveredBy(rig), clean, what);
  assert.deepEqual(Object.fromEntries(listed.sort()), clean, what);
  assert.equal(run.status, 'success', what);
  const { document } = await stateOf(rig);
  assert.equal(document.run.status, 'success', what);
  assert.deepEqual(
    Object.entries(document.components).map(([name, { status, actions }]) => [name, status, actions.running]),
    components.map(({ name }) => [name, 'success', 0]),
    what,
  );
}

/** Keys of the actions whose results the cache has. */
export function storedKeys(rig: Rig): string[] {
  const actions = new SqliteActionCache(join(rig.cacheDir, 'actions.db'), assert.fail);
  try {
    return actions.entries().map(({ key }) => key);
  } finally {
    actions.close();
  }
}

/** Keys of the actions that were executed for the first time, as far as the builds of these events knew. */
export function newKeys(events: readonly TimedEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'action_finished' && event.reason === 'new' ? [event.key] : [],
  );
}

/** Files that somebody wrote beside their place and did not rename, anywhere in the rig. */
export function temporaries(rig: Rig): string[] {
  const names = readdirSync(dirname(rig.root), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.includes('.tmp-'));
}

function onlyMatch(rig: Rig, pattern: string): string {
  const found = globSync(pattern, { cwd: rig.root });
  assert.equal(found.length, 1, `${found.length} files match ${pattern}`);
  return found[0]!;
}
