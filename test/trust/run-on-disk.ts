/** What the runs of a rig have left on disk, read as others would. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { readJournal } from '../../engine/core/journal-line.ts';
import { type Manifest, manifestSchema } from '../../engine/core/manifest.ts';
import { type JournalRecord, type RunStateDocument, recordSchema } from '../../engine/core/run-state.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { readRunState } from '../../engine/run/read-run-state.ts';
import { journalName } from '../../engine/run/run-journal.ts';
import type { Rig } from '../rig.ts';

/** Every run of which there is anything, sorted by name. */
export function runsOn(rig: Rig): RunOnDisk[] {
  const names = globSync(['result_store/*/*/*', 'state/*/*/*'], { cwd: rig.root }).map((path) =>
    path.split('/').slice(1).join('/'),
  );
  return [...new Set(names)].sort().map((name) => new RunOnDisk(rig, name));
}

export function onlyRun(rig: Rig): RunOnDisk {
  const runs = runsOn(rig);
  assert.equal(runs.length, 1, `there are ${runs.length} runs`);
  return runs[0]!;
}

export class RunOnDisk {
  /** `platform/video/run` */
  readonly name: string;
  readonly #rig: Rig;

  constructor(rig: Rig, name: string) {
    this.#rig = rig;
    this.name = name;
  }

  get manifest(): Manifest {
    return manifestSchema.parse(JSON.parse(this.#rig.read(join('result_store', this.name, 'manifest.json'))));
  }

  /** Digest by name of every delivered file, as it lies there. */
  get delivered(): Record<string, string> {
    const folder = this.#rig.path(join('result_store', this.name));
    const names = globSync('*/*', { cwd: folder }).sort();
    return Object.fromEntries(names.map((name) => [name, digestOf(readFileSync(join(folder, name)))]));
  }

  get stateFolder(): string {
    return this.#rig.path(join('state', this.name));
  }

  get journal(): { records: JournalRecord[]; damaged: number } {
    const { records, damaged } = readJournal(readFileSync(join(this.stateFolder, journalName), 'utf8'));
    return { records: records.map((record) => recordSchema.parse(record)), damaged };
  }

  async state(): Promise<RunStateDocument> {
    const state = await readRunState(new RealDisk(), this.stateFolder);
    assert.ok(state, `nothing of the state of ${this.name} can be read`);
    return state.document;
  }

  /** It has come to its end: manifest and state say so of every component, and the files are those that they name. */
  async assertWhole(clean: Readonly<Record<string, string>>, what: string): Promise<void> {
    const { run, components } = this.manifest;
    const listed = components.flatMap(({ outputs }) => outputs.map(({ path, digest }) => [path, digest]));
    assert.deepEqual(this.delivered, clean, what);
    assert.deepEqual(Object.fromEntries(listed.sort()), clean, what);
    assert.equal(run.status, 'success', what);
    const state = await this.state();
    assert.equal(state.run.status, 'success', what);
    const ends = Object.entries(state.components).map(
      ([name, { status, actions }]) => [name, [status, actions.running]] as const,
    );
    assert.deepEqual(
      Object.fromEntries(ends),
      Object.fromEntries(components.map(({ name }) => [name, ['success', 0]])),
      what,
    );
  }
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
