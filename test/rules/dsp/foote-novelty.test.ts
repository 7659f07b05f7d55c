import assert from 'node:assert/strict';
import { test } from 'node:test';
import { footeNovelty, prominentPeaks } from '../../../rules/dsp/foote-novelty.ts';
import { embeddingsOf } from '../visual/synthetic-embeddings.ts';

const film = embeddingsOf([
  { scene: 1, seconds: 17 },
  { scene: 2, seconds: 12 },
  { scene: 1, seconds: 20 },
]).embeddings;

test("novelty is the correlation of the similarity matrix with Foote's tapered checkerboard", () => {
  const halfWidth = 6;
  const novelty = footeNovelty(film, halfWidth);
  for (const sample of [6, 13, 17, 29, 40]) {
    const wanted = checkerboard(film.data, sample, halfWidth);
    assert.ok(Math.abs(novelty[sample]! - wanted) < 1e-6, `${sample}: ${novelty[sample]} ${wanted}`);
  }
});

/** By definition: a sum over the matrix, divided by the weight of one side, halved. */
function checkerboard(rows: Float32Array, sample: number, halfWidth: number): number {
  const size = rows.length / 49;
  const taper = (offset: number) => Math.exp(-0.5 * ((offset + 0.5) / (halfWidth / 2)) ** 2);
  let [sum, side] = [0, 0];
  for (let a = -halfWidth; a < halfWidth; a += 1) {
    if (a >= 0) side += taper(a);
    for (let b = -halfWidth; b < halfWidth; b += 1) {
      let cosine = 0;
      for (let at = 0; at < size; at += 1)
        cosine += rows[(sample + a) * size + at]! * rows[(sample + b) * size + at]!;
      sum += (a < 0 === b < 0 ? 1 : -1) * taper(a) * taper(b) * cosine;
    }
  }
  return sum / side ** 2 / 2;
}

test('novelty is greatest where one scene follows another', () => {
  assert.deepEqual(prominentPeaks(footeNovelty(film, 6), peaks), [17, 29]);
});

const peaks = { minHeight: 0.05, minProminence: 0.3, minDistance: 4 };

test('a film that never changes has no novelty and no peak', () => {
  const still = embeddingsOf([{ scene: 1, seconds: 1 }], { stepSec: 1 }).embeddings.data;
  const data = Float32Array.from({ length: 40 * still.length }, (_, at) => still[at % still.length]!);
  const novelty = footeNovelty({ dtype: 'float32', shape: [40, still.length], data }, 6);
  assert.ok(novelty.every((value) => value < 1e-12));
  assert.deepEqual(prominentPeaks(novelty, peaks), []);
});

test('a few other frames at the start are no novelty to speak of', () => {
  const blink = embeddingsOf([{ scene: 2, seconds: 2 }, ...[1, 3].map((scene) => ({ scene, seconds: 20 }))]);
  const novelty = footeNovelty(blink.embeddings, 10);
  assert.deepEqual(prominentPeaks(novelty, peaks), [22]);
  assert.ok(novelty[2]! < novelty[22]! / 2);
});

test('a kernel longer than the film still finds its joint', () => {
  const short = embeddingsOf([
    { scene: 1, seconds: 5 },
    { scene: 2, seconds: 6 },
  ]).embeddings;
  assert.deepEqual(prominentPeaks(footeNovelty(short, 60), peaks), [5]);
});

test('of peaks too near each other the highest stays, and of equal ones the first', () => {
  const find = (curve: readonly number[]) =>
    prominentPeaks(Float64Array.from(curve), { minHeight: 0.5, minProminence: 0.3, minDistance: 2 });
  assert.deepEqual(find([0, 0, 0, 1, 0, 0, 0, 2, 0, 0]), [3, 7]);
  assert.deepEqual(find([0, 0, 0, 1, 1, 0, 0, 0, 0, 0]), [3]);
  assert.deepEqual(find([0, 3, 0, 1, 0, 0, 0, 0, 0, 4]), [3], 'the ends have no side to compare');
  assert.deepEqual(find([]), []);
});

test('a small peak counts beside a great one, a shoulder of it does not', () => {
  const find = (curve: readonly number[]) =>
    prominentPeaks(Float64Array.from(curve), { ...peaks, minDistance: 2 });
  assert.deepEqual(find([0, 0, 0, 9, 0, 0, 0, 1, 0, 0]), [3, 7]);
  assert.deepEqual(find([0, 0, 0, 9, 6, 5, 5.5, 4, 0, 0]), [3]);
});
