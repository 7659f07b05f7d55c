/** A run is killed at each line of its journal: the next build ends as a clean one does and repeats nothing finished. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { makeFilm } from '../make-film.ts';
import { Rig } from '../rig.ts';
import { buildHere } from '../trust/build-here.ts';
import {
  assertWhole,
  deliveredBy,
  journalOf,
  newKeys,
  storedKeys,
  temporaries,
} from '../trust/run-on-disk.ts';
import { WarmBuilders } from './builder.ts';
import type { KillMoment } from './killing-disk.ts';

const targets = ['run:film.mp4'];

/** A film of two segments, decoded for cuts and for thumbnails. */
function filmRig(film: Uint8Array): Rig {
  return new Rig({
    'film.mp4': film,
    'flow.yaml': 'schema_version: 1\nstage: small\n',
    'profiles/default.yaml': `schema_version: 1
name: default
extends: builtin:default
analysis: { fps: 1, width: 32, height: 18 }
components:
  cut_detection: { sampling: { fps: 5, width: 32, height: 18 } }
  thumbnails: { sampling: { fps: 1, width: 32, height: 18 } }
`,
    'graphs/small.yaml': `schema_version: 1
stages:
  small: { components: [segment_plan, decode, cut_detection, thumbnails] }
`,
  });
}

/** As before its first build; what was bundled stays. */
function reset(rig: Rig): void {
  for (const name of ['result_store', 'state']) rig.remove(name);
  rmSync(rig.cacheDir, { recursive: true, force: true });
}

/** Keys of the actions that the journal says were finished. */
function finishedKeys(rig: Rig): string[] {
  return journalOf(rig).records.flatMap((record) =>
    record.type === 'action' && record.status === 'finished' ? record.key! : [],
  );
}

async function assertGoesOn(rig: Rig, clean: Record<string, string>, what: string): Promise<void> {
  const stored = storedKeys(rig);
  for (const key of finishedKeys(rig)) assert.ok(stored.includes(key), `${what}: finished, and not stored`);
  const { status, events } = await buildHere(rig, targets);
  assert.equal(status, 0, what);
  const repeated = newKeys(events).filter((key) => stored.includes(key));
  assert.deepEqual(repeated, [], `${what}: finished before the kill, and run again`);
  await assertWhole(rig, clean, what);
  assert.deepEqual(temporaries(rig), [], `${what}: left behind`);
}

for (const moment of ['before', 'in the middle of', 'after'] as const satisfies readonly KillMoment[])
  test(`after kill -9 ${moment} any line of its journal a run goes on, and repeats nothing finished`, async () => {
    using film = new Rig();
    using rig = filmRig(readFileSync(makeFilm(film.path('film.mp4'), { seconds: 20, fps: 5 })));
    assert.equal((await buildHere(rig, targets)).status, 0);
    const [clean, { records }] = [deliveredBy(rig), journalOf(rig)];
    assert.ok(records.length >= 20, `a run has only ${records.length} records`);
    using builders = new WarmBuilders(rig);
    for (const at of records.keys().map((index) => index + 1)) {
      const what = `killed ${moment} line ${at}`;
      reset(rig);
      using builder = builders.take();
      assert.equal(
        await builder.build(targets, { kill: { at, moment } }),
        'SIGKILL',
        `${what}: ${builder.said}`,
      );
      const torn = moment === 'in the middle of' ? 1 : 0;
      if (at > 1 || moment !== 'before') assert.equal(journalOf(rig).damaged, torn, what);
      await assertGoesOn(rig, clean, what);
    }
  });
