import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { scalar, vector } from '../../../engine/core/nd-array.ts';
import type { Values } from '../../../engine/core/rule.ts';
import type { loudness, pacing, story } from '../../../rules/kinds.ts';
import { storyStructure } from '../../../rules/visual/story-structure.ts';
import { runWhole } from './run-whole.ts';
import { embeddingsOf, type Stretch, shotsOf } from './synthetic-embeddings.ts';

type Found = ValueOf<typeof story>;

const film: readonly Stretch[] = [
  { scene: 1, seconds: 20.4 },
  { scene: 2, seconds: 15.3 },
  { scene: 1, seconds: 20.4 },
];
const lengthSec = 57;

async function find(inputs: Values, params: Values = {}): Promise<Found> {
  const { outputs } = await runWhole(storyStructure, inputs, params);
  return outputs.story as Found; // The rule's own output.
}

function inputsOf(stretches: readonly Stretch[], rest: Values = {}, stepSec = 1): Values {
  return {
    embeddings: embeddingsOf(stretches, { stepSec }),
    shots: shotsOf(stretches),
    pacing: pacingOf(() => 0),
    loudness: undefined,
    ...rest,
  };
}

/** A window a second; `cuts` a minute in each. */
function pacingOf(cuts: (sec: number) => number, motion = Number.NaN): ValueOf<typeof pacing> {
  const seconds = Array.from({ length: lengthSec }, (_, second) => second + 0.5);
  return {
    times_sec: vector('float64', seconds),
    cuts_per_min: vector('float32', seconds.map(cuts)),
    motion_energy: vector('float32', new Float32Array(lengthSec).fill(motion)),
    pacing: vector('float32', new Float32Array(lengthSec)),
    mean_shot_sec: scalar('float64', Number.NaN),
    median_shot_sec: scalar('float64', Number.NaN),
    shot_sec_cv: scalar('float64', Number.NaN),
  };
}

/** Four values a second. */
function loudnessOf(lufs: (sec: number) => number): ValueOf<typeof loudness> {
  const seconds = Array.from({ length: lengthSec * 4 }, (_, at) => at / 4);
  const none = vector('float64', []);
  return {
    integrated_lufs: scalar('float64', Number.NaN),
    lra_lu: scalar('float64', Number.NaN),
    true_peak_dbtp: scalar('float64', Number.NaN),
    times_sec: vector('float64', seconds),
    momentary_lufs: vector('float32', seconds.map(lufs)),
    short_term_lufs: vector('float32', seconds.map(lufs)),
    silence_start_sec: none,
    silence_end_sec: none,
  };
}

test('parts begin at the joints of the film: at the cut, or without shots to a sample', async () => {
  for (const stepSec of [0.25, 0.5, 1]) {
    const inputs = inputsOf(film, {}, stepSec);
    assert.deepEqual([...(await find(inputs)).boundary_sec.data], [20.4, 35.7]);
    const loose = [...(await find({ ...inputs, shots: shotsOf([]) })).boundary_sec.data];
    assert.equal(loose.length, 2);
    for (const [at, sec] of [20.4, 35.7].entries())
      assert.ok(Math.abs(loose[at]! - sec) <= stepSec, `${loose}`);
  }
});

test('the novelty of a boundary is how unlike its sides are', async () => {
  const { boundary_novelty } = await find(inputsOf(film));
  assert.ok([...boundary_novelty.data].every((novelty) => novelty > 0.5 && novelty < 1.2));
});

test('a film of one scene, and one that never changes, are one part', async () => {
  assert.equal((await find(inputsOf([{ scene: 1, seconds: 1 }]))).boundary_sec.data.length, 0);
  const inputs = inputsOf([{ scene: 1, seconds: 40 }]);
  const { embeddings, ...rest } = embeddingsOf([{ scene: 1, seconds: 40 }]);
  const still = {
    ...rest,
    embeddings: { ...embeddings, data: embeddings.data.map((_, at) => embeddings.data[at % 32]!) },
  };
  assert.equal((await find({ ...inputs, embeddings: still })).boundary_sec.data.length, 0);
});

test('the climax is where cuts and sound are most', async () => {
  const busy = (sec: number) => (Math.abs(sec - 40.5) < 3 ? 40 - Math.abs(sec - 40.5) : 2);
  assert.equal((await find(inputsOf(film, { pacing: pacingOf(busy) }))).climax_sec.data[0], 40.5);
  const loud = loudnessOf((sec) => (sec >= 10 && sec < 20 ? -12 : -35));
  const found = await find(inputsOf(film, { pacing: pacingOf(() => 5, 0.05), loudness: loud }));
  assert.ok(Math.abs(found.climax_sec.data[0]! - 15) <= 1, `${found.climax_sec.data[0]}`);
});

test('intensity is the mean of what is known of motion, cuts and sound', async () => {
  const silent = loudnessOf(() => Number.NaN);
  const check = async (rest: Values, wanted: number) => {
    const { intensity } = await find(inputsOf(film, rest));
    assert.ok(Math.abs(intensity.data[30]! - wanted) < 1e-6, `${intensity.data[30]} ${wanted}`);
  };
  await check({ pacing: pacingOf(() => 15) }, 0.5);
  await check({ pacing: pacingOf(() => 15), loudness: silent }, 0.5);
  await check({ pacing: pacingOf(() => 15, 0.05), loudness: silent }, 0.5);
  await check({ pacing: pacingOf(() => 15, 0), loudness: silent }, 0.25);
  await check({ pacing: pacingOf(() => 15, 0.05), loudness: loudnessOf(() => -10) }, 2 / 3);
});

test('the hook counts the cuts of the first seconds', async () => {
  const quick = [1, 2, 3, 4, 5].map((scene) => ({ scene, seconds: 1.5 }));
  const inputs = inputsOf([...quick, { scene: 6, seconds: 30 }], {
    pacing: pacingOf((sec) => (sec < 5 ? 15 : 0)),
  });
  const found = await find(inputs);
  assert.equal(found.hook_cuts.data[0], 3);
  assert.equal(found.hook_intensity.data[0], 0.5);
  assert.equal((await find(inputs, { hook_sec: 2 })).hook_cuts.data[0], 1);
});

test('a film without pictures is empty', async () => {
  const { pacing: none } = { pacing: pacingOf(() => 0) };
  const empty = {
    times_sec: vector('float64', []),
    cuts_per_min: vector('float32', []),
    motion_energy: vector('float32', []),
  };
  const inputs = inputsOf([], { pacing: { ...none, ...empty, pacing: vector('float32', []) } });
  const { outputs, emptyReason } = await runWhole(storyStructure, inputs);
  const found = outputs.story as Found;
  assert.equal(emptyReason, 'no video stream');
  assert.equal(found.intensity.data.length + found.boundary_sec.data.length, 0);
  assert.ok(Number.isNaN(found.climax_sec.data[0]) && Number.isNaN(found.hook_intensity.data[0]));
});
