import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import type { Values } from '../../../engine/core/rule.ts';
import type { uniqueness as uniquenessKind } from '../../../rules/kinds.ts';
import { uniqueness } from '../../../rules/visual/uniqueness.ts';
import { runWhole } from './run-whole.ts';
import { embeddingsOf, type FilmOptions, type Stretch, shotsOf } from './synthetic-embeddings.ts';

type Found = ValueOf<typeof uniquenessKind>;

async function foundIn(
  embeddings: ReturnType<typeof embeddingsOf>,
  params: Values = {},
  film: readonly Stretch[] = [],
): Promise<Found> {
  const { outputs } = await runWhole(uniqueness, { embeddings, shots: shotsOf(film) }, params);
  return outputs.uniqueness as Found; // The rule's own output.
}

const find = (film: readonly Stretch[], options: FilmOptions = {}) =>
  foundIn(embeddingsOf(film, options), {}, film);

/** Start and end of source and repeat. */
function repeatsOf(found: Found): number[][] {
  return [...found.repeat_a_start_sec.data].map((start, at) => [
    start,
    found.repeat_a_end_sec.data[at]!,
    found.repeat_b_start_sec.data[at]!,
    found.repeat_b_end_sec.data[at]!,
  ]);
}

/** As many repeats as wanted, each time within a sample of the wanted one. */
function assertRepeats(found: Found, wanted: readonly (readonly number[])[], stepSec: number): void {
  const repeats = repeatsOf(found);
  const text = JSON.stringify(repeats);
  assert.equal(repeats.length, wanted.length, text);
  for (const [at, times] of wanted.entries()) {
    for (const [place, sec] of times.entries()) {
      assert.ok(Math.abs(repeats[at]![place]! - sec) <= stepSec + 1e-9, `${sec} in ${text}`);
    }
  }
}

const opening: Stretch = { scene: 1, seconds: 20.4 };
const middle: Stretch = { scene: 2, seconds: 15.3 };
const other: Stretch = { scene: 3, seconds: 10 };

test('a scene that comes back is found where it was and where it is, to a sample', async () => {
  for (const stepSec of [0.25, 0.5, 1]) {
    const found = await find([opening, middle, opening], { stepSec });
    assertRepeats(found, [[0, 20.4, 35.7, 56.1]], stepSec);
    assert.ok(found.repeat_b_end_sec.data[0]! <= 56.1, 'it ends after the film');
    assert.ok(
      Math.abs(found.repeated_ratio.data[0]! - 20.4 / 56.1) < 0.03,
      `${found.repeated_ratio.data[0]}`,
    );
  }
});

test('each scene that comes back is a repeat of its first showing', async () => {
  const found = await find([opening, middle, opening, other, middle, opening]);
  assertRepeats(
    found,
    [
      [0, 20.4, 35.7, 56.1],
      [20.4, 56.1, 66.1, 101.8],
    ],
    1,
  );
});

test('a part of a scene is found in it', async () => {
  const found = await find([opening, middle, { scene: 1, fromSec: 7.3, seconds: 9 }, other]);
  assertRepeats(found, [[7.3, 16.3, 35.7, 44.7]], 1);
});

test('two takes of a scene that go on differently are no repeat', async () => {
  const found = await find([opening, middle, { scene: 1, fromSec: 400, seconds: 20.4 }]);
  assert.deepEqual(repeatsOf(found), []);
  assert.equal(found.repeated_ratio.data[0], 0);
});

test('novelty is great where a scene begins, less within it, and none in a repeat', async () => {
  const { novelty } = await find([opening, middle, opening], { stepSec: 1 });
  const between = (first: number, end: number) => [...novelty.data.subarray(first, end)];
  assert.ok(
    between(0, 5).every((value) => value === 1),
    'nothing is before the start',
  );
  assert.ok(between(21, 25).every((value) => value > 0.5));
  assert.ok(between(26, 35).every((value) => value > 0.05 && value < 0.5));
  assert.ok(between(36, 56).every((value) => value < 0.03));
});

test('a film that never changes is not new after its start, and repeats nothing', async () => {
  const { embeddings, ...rest } = embeddingsOf([{ scene: 1, seconds: 50 }]);
  const first = embeddings.data.subarray(0, embeddings.shape[1]);
  const still = {
    ...rest,
    embeddings: { ...embeddings, data: embeddings.data.map((_, at) => first[at % 32]!) },
  };
  const found = await foundIn(still);
  assert.ok([...found.novelty.data].every((value, sample) => (sample <= 4 ? value === 1 : value < 1e-6)));
  assert.deepEqual(repeatsOf(found), []);
  assert.ok(Math.abs(found.mean_similarity.data[0]! - 1) < 1e-6);
});

test('a film of one frame is new, and has no pairs', async () => {
  const found = await find([{ scene: 1, seconds: 1 }]);
  assert.deepEqual([...found.novelty.data], [1]);
  assert.equal(found.repeated_ratio.data[0], 0);
  assert.ok(Number.isNaN(found.mean_similarity.data[0]));
});

test('a film without frames is empty', async () => {
  const inputs = { embeddings: embeddingsOf([]), shots: shotsOf([]) };
  const { outputs, emptyReason } = await runWhole(uniqueness, inputs);
  const found = outputs.uniqueness as Found;
  assert.equal(emptyReason, 'no frames');
  assert.equal(found.novelty.data.length, 0);
  assert.ok(Number.isNaN(found.repeated_ratio.data[0]));
});
