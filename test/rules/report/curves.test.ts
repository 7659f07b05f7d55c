import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { areaPath, linePath, thinned } from '../../../rules/report/curves.ts';
import { seed } from '../../properties/seed.ts';

const field = { durationSec: 10, bottom: 0, top: 1 };

function curveOf(values: readonly number[]) {
  return { timesSec: values.map((_, index) => index), values };
}

test('a curve that fits is left as it is', () => {
  const curve = curveOf([1, Number.NaN, 3]);
  assert.deepEqual(thinned(curve, 4), { timesSec: [0, 1, 2], values: [1, Number.NaN, 3] });
});

test(`a thinned curve keeps its lowest and highest value, in order of time, within the limit (FLOW_SEED=${seed})`, () => {
  const values = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 500 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 40 }), (given, half) => {
      const { timesSec, values: kept } = thinned(curveOf(given), 2 * half);
      assert.ok(kept.length <= Math.max(2 * half, 1));
      assert.equal(Math.max(...kept), Math.max(...given));
      assert.equal(Math.min(...kept), Math.min(...given));
      assert.deepEqual(
        timesSec,
        [...new Set(timesSec)].sort((a, b) => a - b),
      );
      for (const [index, sec] of timesSec.entries()) assert.equal(kept[index], given[sec]);
    }),
    { seed, numRuns: 300 },
  );
});

test('a long gap stays a gap in a thinned curve', () => {
  const values = Array.from({ length: 1000 }, (_, index) => (index >= 400 && index < 600 ? Number.NaN : 1));
  const { values: kept } = thinned(curveOf(values), 100);
  assert.ok(kept.some(Number.isNaN));
});

test('a line is broken where a value is missing, and a lone point is a dot', () => {
  assert.equal(linePath(curveOf([0, 1, Number.NaN, 0.5]), field), 'M0 100L100 0M300 50h0');
});

test('an area stands on the bottom of its field', () => {
  assert.equal(areaPath(curveOf([0.5, 1]), field), 'M0 100L0 50L100 0L100 100Z');
});

test('what lies beyond the field is drawn at its edge', () => {
  assert.equal(linePath({ timesSec: [-1, 11], values: [-5, 7] }, field), 'M0 100L1000 0');
});
