import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { histogramOf, quantilesOf, statisticsOf } from '../../../engine/core/array-statistics.ts';
import { seed } from '../../properties/seed.ts';

test('NaN and infinities are counted, and change no other figure', () => {
  const elements = new Float64Array([Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 3, Number.NaN]);
  assert.deepEqual(statisticsOf(elements), {
    count: 6,
    nanCount: 2,
    infiniteCount: 1,
    min: 1,
    max: 3,
    mean: 2,
    std: Math.sqrt(2 / 3),
  });
});

test('an array without a finite element has no figures', () => {
  for (const elements of [new Float32Array(), new Float32Array([Number.NaN, Number.NEGATIVE_INFINITY])]) {
    const { min, max, mean, std } = statisticsOf(elements);
    assert.deepEqual([min, max, mean, std], [null, null, null, null]);
    assert.deepEqual(quantilesOf(elements, [0, 0.5]), []);
    assert.deepEqual(histogramOf(elements, 4), { edges: [], counts: [] });
  }
});

test('a small deviation from a large mean is not lost', () => {
  const { mean, std } = statisticsOf(new Float64Array([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]));
  assert.equal(mean, 1e9 + 10);
  assert.equal(std, Math.sqrt(22.5));
});

test('64-bit integers keep their exact limits, and a deviation that no double of their size could hold', () => {
  const { min, max, std } = statisticsOf(new BigInt64Array([2n ** 62n, 2n ** 62n + 1n, 2n ** 62n + 2n]));
  assert.deepEqual([min, max], [2n ** 62n, 2n ** 62n + 2n]);
  assert.equal(std, Math.sqrt(2 / 3));
});

test('the largest element is in the last bin', () => {
  const { edges, counts } = histogramOf(new Int32Array([0, 1, 2, 3, 4]), 4);
  assert.deepEqual({ edges, counts }, { edges: [0, 1, 2, 3, 4], counts: [1, 1, 1, 2] });
});

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
const doubles = fc.array(finite, { minLength: 1, maxLength: 60 });

test(`every finite element is in one bin, and quantiles rise from the least to the largest (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(doubles, fc.integer({ min: 1, max: 30 }), (values, bins) => {
      const elements = Float64Array.from(values, (value) => value + 0); // A zero's sign is no matter of order.
      const { counts } = histogramOf(elements, bins);
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        values.length,
      );
      const quantiles = quantilesOf(elements, [0, 0.25, 0.5, 1]);
      const { min, max } = statisticsOf(elements);
      assert.deepEqual([quantiles[0], quantiles[3]], [min, max]);
      assert.deepEqual(
        quantiles,
        quantiles.toSorted((a, b) => a - b),
      );
    }),
    { seed },
  );
});

const skip =
  spawnSync('python3', ['-c', 'import numpy']).status !== 0 &&
  'python3 with NumPy is not installed on this machine';

/** What NumPy finds of the same lists. */
const numpyScript = `
import json, sys, numpy as np
found = []
for values in json.load(sys.stdin):
    a = np.array(values, dtype=np.float64)
    found.append([a.mean(), a.std(), *np.quantile(a, [0.01, 0.25, 0.5, 0.95])])
json.dump(found, sys.stdout)
`;

test(`mean, deviation and quantiles are those of NumPy (FLOW_SEED=${seed})`, { skip }, () => {
  const lists = fc.sample(fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 2, maxLength: 50 }), {
    numRuns: 50,
    seed,
  });
  const run = spawnSync('python3', ['-c', numpyScript], { input: JSON.stringify(lists), encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  for (const [index, theirs] of (JSON.parse(run.stdout) as number[][]).entries()) {
    const elements = Float64Array.from(lists[index]!);
    const { mean, std } = statisticsOf(elements);
    const ours = [mean!, std!, ...quantilesOf(elements, [0.01, 0.25, 0.5, 0.95])];
    for (const [figure, value] of ours.entries())
      assert.ok(Math.abs(value - theirs[figure]!) <= 1e-9 * Math.max(1, Math.abs(value)), `${lists[index]}`);
  }
});
