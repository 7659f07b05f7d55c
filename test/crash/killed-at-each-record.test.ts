/** A run is killed at each line of its journal: the next build ends as a clean one does and repeats nothing finished. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runStateName } from '../../engine/run/run-journal.ts';
import { makeFilm } from '../make-film.ts';
import { Rig } from '../rig.ts';
import { buildHere } from '../trust/build-here.ts';
import { newKeys, onlyRun, runsOn, storedKeys, temporaries } from '../trust/run-on-disk.ts';
import { textRun, textTargets } from '../trust/text-run.ts';
import { WarmBuilders } from './builder.ts';
import type { KillMoment } from './killing-disk.ts';

const targets = textTargets;

/** Two families of texts, each with a blob and what reads it. */
function textsRig(): Rig {
  const family = (index: number): string => `
  copied${index}: { processor: p${index}, rule: copy, inputs: { source: video }, params: { suffix: "${index}" } }
  large${index}: { processor: p${index}, rule: swell, inputs: { source: copied${index}.text } }
  short${index}: { processor: heads, rule: head, inputs: { source: large${index}.text } }`;
  const names = [1, 2].flatMap((index) => ['copied', 'large', 'short'].map((name) => name + index));
  return textRun({
    'graphs/texts.yaml': `schema_version: 1
components:${family(1)}${family(2)}
stages:
  texts: { components: [${names}] }
`,
  });
}

/** A film that is decoded, into memory alone, for cuts and for thumbnails. */
function filmRig(): Rig {
  const rig = new Rig({
    'flow.yaml': 'schema_version: 1\nstage: small\n',
    'profiles/default.yaml': `schema_version: 1
name: default
extends: without-models
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
  makeFilm(rig.path('clip.mp4'), { seconds: 4, fps: 5 });
  return rig;
}

/** As before its first build; what was bundled stays. */
function reset(rig: Rig): void {
  for (const name of ['result_store', 'state']) rig.remove(name);
  rmSync(rig.cacheDir, { recursive: true, force: true });
}

/** Keys of the actions that the journal says were finished. */
function finishedKeys(rig: Rig): string[] {
  return runsOn(rig)
    .flatMap(({ journal }) => journal.records)
    .flatMap((record) => (record.type === 'action' && record.status === 'finished' ? record.key! : []));
}

async function assertGoesOn(rig: Rig, clean: Record<string, string>, what: string): Promise<void> {
  const stored = storedKeys(rig);
  for (const key of finishedKeys(rig)) assert.ok(stored.includes(key), `${what}: finished, and not stored`);
  const { status, events } = await buildHere(rig, targets, { jobs: 1 });
  assert.equal(status, 0, what);
  const repeated = newKeys(events).filter((key) => stored.includes(key));
  assert.deepEqual(repeated, [], `${what}: finished before the kill, and run again`);
  const run = onlyRun(rig);
  await run.assertWhole(clean, what);
  rmSync(join(run.stateFolder, runStateName));
  await run.assertWhole(clean, `${what}, by its journal alone`);
  assert.deepEqual(temporaries(rig), [], `${what}: left behind`);
}

const moments = ['before', 'in the middle of', 'after'] as const satisfies readonly KillMoment[];

/** Kills a build at each line of its journal, and has the next one go on. */
async function sweep(rig: Rig, momentsOf: (line: number) => readonly KillMoment[]): Promise<void> {
  assert.equal((await buildHere(rig, targets, { jobs: 1 })).status, 0);
  const [clean, lines] = [onlyRun(rig).delivered, onlyRun(rig).journal.records.length];
  assert.ok(lines >= 20, `a run has only ${lines} lines`);
  using builders = new WarmBuilders(rig);
  for (let at = 1; at <= lines; at += 1)
    for (const moment of momentsOf(at)) {
      const what = `killed ${moment} line ${at} of ${lines}`;
      reset(rig);
      using builder = builders.take();
      const ended = await builder.build(targets, { jobs: 1, kill: { at, moment } });
      assert.equal(ended, 'SIGKILL', `${what}: ${builder.said}`);
      const [damaged = 0] = runsOn(rig).map(({ journal }) => journal.damaged);
      assert.equal(damaged, moment === 'in the middle of' ? 1 : 0, what);
      await assertGoesOn(rig, clean, what);
    }
}

test('after kill -9 before, in the middle of and after any line of its journal a run goes on, and repeats nothing finished', async () => {
  using rig = textsRig();
  await sweep(rig, () => moments);
});

test('after kill -9 at any line of its journal the run of a film goes on, and repeats nothing finished', async () => {
  using rig = filmRig();
  await sweep(rig, (line) => [moments[line % moments.length]!]);
});
