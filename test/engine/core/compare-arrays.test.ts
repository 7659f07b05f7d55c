import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareArrays, rowsOfOneTime } from '../../../engine/core/compare-arrays.ts';
import type { NumberArray, TextArray } from '../../../engine/core/numpy-array.ts';
import { seed } from '../../properties/seed.ts';

function numbers(values: readonly number[], shape: readonly number[] = [values.length]): NumberArray {
  return { dtype: 'float64', shape, data: Float64Array.from(values) };
}

function texts(data: readonly string[]): TextArray {
  return { dtype: 'unicode', shape: [data.length], data };
}

test('differences are counted and sized, and the largest is found', () => {
  assert.deepEqual(compareArrays(numbers([3, 4, 0, 0], [2, 2]), numbers([3, 0, 0, 4], [2, 2])), {
    isEqual: false,
    comparedCount: 4,
    differingCount: 2,
    where: { a: [0, 1], b: [0, 1] },
    values: { a: 4, b: 0 },
    numbers: { nanInOneCount: 0, maxAbs: 4, meanAbs: 2, cosine: 0.36 },
  });
});

test('NaN equals NaN and 0 equals -0; a NaN in one array alone differs without a size', () => {
  assert.equal(compareArrays(numbers([Number.NaN, 0]), numbers([Number.NaN, -0])).isEqual, true);
  const {
    isEqual,
    differingCount,
    where,
    numbers: figures,
  } = compareArrays(numbers([1, 2]), numbers([Number.NaN, 2]));
  assert.deepEqual(
    { isEqual, differingCount, where },
    { isEqual: false, differingCount: 1, where: { a: [0], b: [0] } },
  );
  assert.deepEqual(figures, { nanInOneCount: 1, maxAbs: 0, meanAbs: 0, cosine: 1 });
});

test('the same numbers of another type or shape are not equal', () => {
  const a = numbers([1, 2]);
  assert.equal(compareArrays(a, { ...a, dtype: 'float32', data: Float32Array.of(1, 2) }).isEqual, false);
  assert.equal(compareArrays(a, numbers([1, 2], [2, 1])).isEqual, false);
  assert.equal(compareArrays(a, numbers([1, 2], [2, 1])).comparedCount, 0);
});

test('of arrays of other length the rows that both have are compared', () => {
  const { isEqual, comparedCount, differingCount } = compareArrays(
    numbers([1, 2, 3, 4], [2, 2]),
    numbers([1, 2], [1, 2]),
  );
  assert.deepEqual(
    { isEqual, comparedCount, differingCount },
    { isEqual: false, comparedCount: 2, differingCount: 0 },
  );
});

test('rows of equal time are compared wherever they are', () => {
  const rows = rowsOfOneTime([0, 0.5, 1, 1.5, Number.NaN], [0.5, 1.000001, 1.5]);
  assert.deepEqual(rows, { a: [1, 2, 3], b: [0, 1, 2] });
  const { comparedCount, differingCount, where } = compareArrays(
    numbers([9, 1, 2, 3, 9]),
    numbers([1, 2, 7]),
    rows,
  );
  assert.deepEqual(
    { comparedCount, differingCount, where },
    { comparedCount: 3, differingCount: 1, where: { a: [3], b: [2] } },
  );
});

test('of texts the first that differ are told', () => {
  const { differingCount, where, values } = compareArrays(
    texts(['cut', 'fade', 'a']),
    texts(['cut', 'wipe', 'b']),
  );
  assert.deepEqual(
    { differingCount, where, values },
    { differingCount: 2, where: { a: [1], b: [1] }, values: { a: 'fade', b: 'wipe' } },
  );
});

test('64-bit integers that one double stands for are told apart', () => {
  const of = (last: bigint): NumberArray => ({
    dtype: 'int64',
    shape: [2],
    data: BigInt64Array.of(1n, last),
  });
  const { differingCount, numbers: figures } = compareArrays(of(2n ** 60n), of(2n ** 60n + 1n));
  assert.deepEqual([differingCount, figures?.maxAbs], [1, 1]);
});

test('vectors too large or too small to be squared still have a cosine', () => {
  for (const scale of [1e-300, 1e300])
    assert.equal(compareArrays(numbers([scale, 0]), numbers([scale / 2, 0])).numbers?.cosine, 1);
});

const element = fc.oneof(
  fc.double({ min: -1e9, max: 1e9 }),
  fc.constantFrom(Number.NaN, 0, -0, Number.POSITIVE_INFINITY, 1),
);
const pair = fc.array(fc.tuple(element, element), { maxLength: 20 });

test(`comparing is symmetric, and an array is equal to itself (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(pair, (pairs) => {
      const [a, b] = [numbers(pairs.map(([x]) => x)), numbers(pairs.map(([, y]) => y))];
      const [ab, ba] = [compareArrays(a, b), compareArrays(b, a)];
      assert.deepEqual(
        [ab.isEqual, ab.differingCount, ab.numbers],
        [ba.isEqual, ba.differingCount, ba.numbers],
      );
      assert.deepEqual(ab.where?.a, ba.where?.b);
      assert.equal(compareArrays(a, a).isEqual, true);
    }),
    { seed },
  );
});

test(`nothing differs if and only if all elements are the same (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(pair, (pairs) => {
      const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
      const isSame = a.every((x, index) => x === b[index] || (Number.isNaN(x) && Number.isNaN(b[index])));
      assert.equal(compareArrays(numbers(a), numbers(b)).isEqual, isSame);
    }),
    { seed },
  );
});

const skip =
  spawnSync('python3', ['-c', 'import numpy']).status !== 0 &&
  'python3 with NumPy is not installed on this machine';

const numpyScript = `
import json, sys, numpy as np
def of(a, b):
    a, b = np.array(a, float), np.array(b, float)
    return [int((a != b).sum()), np.abs(a - b).max(), np.abs(a - b).mean(), a @ b / np.linalg.norm(a) / np.linalg.norm(b)]
json.dump([of(a, b) for a, b in json.load(sys.stdin)], sys.stdout)
`;

test(`the figures are those of NumPy (FLOW_SEED=${seed})`, { skip }, () => {
  const value = fc.integer({ min: 1, max: 100 });
  const list = fc.array(value, { minLength: 8, maxLength: 8 });
  const pairs = fc.sample(fc.tuple(list, list), { numRuns: 50, seed });
  const run = spawnSync('python3', ['-c', numpyScript], { input: JSON.stringify(pairs), encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  for (const [index, theirs] of (JSON.parse(run.stdout) as number[][]).entries()) {
    const [a, b] = pairs[index]!;
    const { differingCount, numbers: figures } = compareArrays(numbers(a), numbers(b));
    const ours = [differingCount, figures!.maxAbs!, figures!.meanAbs!, figures!.cosine!];
    for (const [figure, one] of ours.entries())
      assert.ok(Math.abs(one - theirs[figure]!) < 1e-12, `${a} | ${b}`);
  }
});
