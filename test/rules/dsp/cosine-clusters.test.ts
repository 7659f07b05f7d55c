import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { array } from '../../../engine/core/nd-array.ts';
import { cosineClusters } from '../../../rules/dsp/cosine-clusters.ts';

/** Directions in the plane, in degrees, as rows. */
function directions(degrees: readonly number[]) {
  const data = degrees.flatMap((degree) => [
    Math.cos((degree * Math.PI) / 180),
    Math.sin((degree * Math.PI) / 180),
  ]);
  return array('float32', Float32Array.from(data), [degrees.length, 2]);
}

function check(degrees: readonly number[], wanted: readonly number[]): void {
  assert.deepEqual([...cosineClusters(directions(degrees), 0.9)], wanted);
}

test('what looks alike has one number, given by first appearance', () => {
  check([90, 0, 92, 3, 180, 88], [0, 1, 0, 1, 2, 0]);
});

test('nothing has no numbers, and one thing has the number 0', () => {
  check([], []);
  check([45], [0]);
});

test('equal rows are one cluster, whatever their number', () => {
  check(Array(40).fill(30), Array(40).fill(0));
});

test('rows of zeros are like nothing', () => {
  const zeros = array('float32', new Float32Array(6), [3, 2]);
  assert.deepEqual([...cosineClusters(zeros, 0.9)], [0, 1, 2]);
});

test('chains of neighbours give what joining the best pair each time gives', () => {
  // Distances between whole degrees of one draw may be equal: odd parts keep them apart.
  const draws = fc.uniqueArray(fc.integer({ min: 0, max: 3600 }), { maxLength: 14 });
  fc.assert(
    fc.property(draws, (tenths) => {
      const degrees = tenths.map((tenth) => tenth / 10 + ((tenth * 7919) % 997) / 1e4);
      assert.deepEqual([...cosineClusters(directions(degrees), 0.8)], naiveClusters(degrees, 0.8));
    }),
  );
});

/** By definition: the best pair of clusters becomes one until none is alike enough. */
function naiveClusters(degrees: readonly number[], minSimilarity: number): number[] {
  const { data } = directions(degrees);
  const cosine = (a: number, b: number) => data[2 * a]! * data[2 * b]! + data[2 * a + 1]! * data[2 * b + 1]!;
  const average = (one: readonly number[], other: readonly number[]) =>
    one.flatMap((a) => other.map((b) => cosine(a, b))).reduce((sum, value) => sum + value, 0) /
    (one.length * other.length);
  let clusters = degrees.map((_, row) => [row]);
  for (;;) {
    const pairs = clusters.flatMap((one, at) =>
      clusters.slice(at + 1).map((other) => ({ one, other, mean: average(one, other) })),
    );
    const best = pairs.reduce((most, pair) => (pair.mean > most.mean ? pair : most), pairs[0]!);
    if (best === undefined || best.mean < minSimilarity) break;
    clusters = clusters.filter((cluster) => cluster !== best.one && cluster !== best.other);
    clusters.push([...best.one, ...best.other].sort((a, b) => a - b));
  }
  clusters.sort((a, b) => a[0]! - b[0]!);
  return degrees.map((_, row) => clusters.findIndex((cluster) => cluster.includes(row)));
}
