/** Several processes build overlapping targets at once: each action is executed once among them, and all ends right. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { makeFilm } from '../make-film.ts';
import { randomNumbers } from '../properties/random-numbers.ts';
import { seed } from '../properties/seed.ts';
import type { Rig } from '../rig.ts';
import { buildHere } from '../trust/build-here.ts';
import { newKeys, runsOn, storedKeys, temporaries } from '../trust/run-on-disk.ts';
import { textRun } from '../trust/text-run.ts';
import { Builder } from './builder.ts';

const rounds = 20;

interface Wish {
  readonly targets: readonly string[];
  readonly stage?: string;
}

const texts: readonly Wish[] = [
  { targets: ['run:clip.mp4'] },
  { targets: ['run:clip.mp4', '//...'] },
  { targets: ['//wide', '//again', 'run:clip.mp4//large'] },
  { targets: ['//...', 'run:clip.mp4'] },
];

/** A film takes its time: it comes with every fifth round, and to two processes. */
const film: Wish = { targets: ['run:film.mp4'], stage: 'pictures' };
const filmEvery = 5;

/** Texts of a video and of the workspace, some of which are the very same actions, and thumbnails of a film. */
function overlappingRig(): Rig {
  const rig = textRun({
    'in.txt': 'not really a film',
    'graphs/workspace.yaml': `schema_version: 1
components:
  left: { rule: copy, inputs: { source: file:in.txt } }
  wide: { rule: swell, inputs: { source: left.text } }
  loud: { rule: upper, inputs: { source: wide.text } }
  again: { rule: swell, inputs: { source: left.text } }
stages:
  pictures: { components: [segment_plan, decode, thumbnails] }
`,
  });
  makeFilm(rig.path('film.mp4'), { seconds: 4, fps: 5 });
  return rig;
}

/** The wishes of a round, one for each process; in every other round two have the very same, and always each overlaps. */
function wishesOf(round: number, processes: number): readonly Wish[] {
  const own = (index: number): number => (round % 2 === 0 ? index >> 1 : index) + round;
  const wishes = Array.from({ length: processes }, (_, index) => texts[own(index) % texts.length]!);
  return round % filmEvery === 0 ? [...wishes.slice(0, -2), film, film] : wishes;
}

/** Digest by name of what the workspace's targets have delivered. */
function outOf(rig: Rig): [string, string][] {
  const names = globSync('out/*/*', { cwd: rig.root });
  return names.map((name) => [name, digestOf(readFileSync(rig.path(name)))]);
}

/** Digest by name, by run, of what the runs have delivered. */
function deliveredIn(rig: Rig): Record<string, Record<string, string>> {
  return Object.fromEntries(runsOn(rig).map(({ name, delivered }) => [name, delivered]));
}

function reset(rig: Rig): void {
  for (const name of ['result_store', 'state', 'out']) rig.remove(name);
  rmSync(rig.cacheDir, { recursive: true, force: true });
}

for (const processes of [2, 8])
  test(`${processes} processes at once, ${rounds} times, execute each action once among them and end right (FLOW_SEED=${seed})`, async () => {
    const random = randomNumbers(seed);
    using rig = overlappingRig();
    for (const { targets, ...flags } of [...texts, film])
      assert.equal((await buildHere(rig, targets, flags)).status, 0);
    const clean = deliveredIn(rig);
    const cleanOut = new Map(outOf(rig));
    using stack = new DisposableStack();
    const builders = Array.from({ length: processes }, () => stack.use(new Builder(rig)));
    const eventsOf = (index: number): string => join(dirname(rig.root), `events-${index}.ndjson`);

    for (let round = 1; round <= rounds; round += 1) {
      const what = `round ${round}`;
      reset(rig);
      const wishes = wishesOf(round, processes);
      const ended = await Promise.all(
        builders.map(async (builder, index) => {
          await delay(20 * random());
          const { targets, ...flags } = wishes[index]!;
          return builder.build(targets, { ...flags, jobs: 2, events: eventsOf(index) });
        }),
      );
      for (const [index, status] of ended.entries())
        assert.equal(status, 0, `${what}: ${builders[index]!.said}`);
      const executed = builders.flatMap((_, index) => newKeys(readEvents(eventsOf(index))));
      assert.deepEqual(executed.sort(), storedKeys(rig).sort(), `${what}: not once each`);
      for (const run of runsOn(rig)) await run.assertWhole(clean[run.name]!, `${what}: ${run.name}`);
      for (const [name, digest] of outOf(rig)) assert.equal(digest, cleanOut.get(name), `${what}: ${name}`);
      assert.deepEqual(temporaries(rig), [], `${what}: left behind`);
    }
  });

function readEvents(path: string): TimedEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as TimedEvent);
}
