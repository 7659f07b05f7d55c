import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { array } from '../../../engine/core/nd-array.ts';
import { principalComponents } from '../../../rules/dsp/principal-components.ts';
import { seed } from '../../properties/seed.ts';

function components(rows: readonly (readonly number[])[], count = 2) {
  const size = rows[0]?.length ?? 0;
  return principalComponents(array('float32', Float32Array.from(rows.flat()), [rows.length, size]), count);
}

test('rows along a line have one component, on which they lie as far apart as they are', () => {
  const { scores, shares } = components([
    [0, 0, 7],
    [3, 4, 7],
    [9, 12, 7],
  ]);
  assert.equal(scores.length, 1);
  assert.deepEqual(
    [...scores[0]!].map((score) => Number(score.toFixed(6))),
    [-6.666667, -1.666667, 8.333333],
  );
  assert.ok(Math.abs(shares[0]! - 1) < 1e-9);
});

test('the longer side of a rectangle comes first, with its share of the variance', () => {
  const { scores, shares } = components([
    [-2, -1],
    [-2, 1],
    [2, -1],
    [2, 1.001],
  ]);
  assert.ok(scores[0]!.every((score) => Math.abs(Math.abs(score) - 2) < 0.01));
  assert.ok(Math.abs(shares[0]! - 0.8) < 0.001);
  assert.ok(Math.abs(shares[1]! - 0.2) < 0.001);
});

test('equal rows, one row and no rows have no component', () => {
  for (const rows of [
    [
      [1, 2],
      [1, 2],
    ],
    [[1, 2]],
    [],
  ])
    assert.deepEqual(components(rows), { scores: [], shares: [] });
});

test(`components fall in variance, have at most all of it, and their farthest row lies above 0 (FLOW_SEED=${seed})`, () => {
  const row = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 3, maxLength: 30 }), (rows) => {
      const { scores, shares } = components(rows, 3);
      for (const score of scores) {
        const farthest = score.reduce((best, one) => Math.max(best, Math.abs(one)), 0);
        assert.ok(score.some((one) => Math.abs(one - farthest) < 1e-9));
      }
      for (const [at, share] of shares.entries())
        if (at > 0)
          assert.ok(share <= shares[at - 1]! * 1.05 + 1e-9, 'as far as so many rounds tell them apart');
      assert.ok(shares.reduce((sum, share) => sum + share, 0) < 1 + 1e-9);
    }),
    { seed, numRuns: 200 },
  );
});
