import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parabolicPeak } from '../../../rules/dsp/parabolic-peak.ts';

test('the top of a sampled parabola is found between its samples', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 2, max: 7, noNaN: true }),
      fc.double({ min: 0.1, max: 9, noNaN: true }),
      (top, bend) => {
        const values = Float64Array.from({ length: 10 }, (_, x) => 5 - bend * (x - top) ** 2);
        assert.ok(Math.abs(parabolicPeak(values, Math.round(top)) - top) < 1e-6);
      },
    ),
  );
});

test('a plateau and either end have their top where they are', () => {
  assert.equal(parabolicPeak(Float64Array.from([2, 2, 2]), 1), 1);
  assert.equal(parabolicPeak(Float64Array.from([3, 2, 1]), 0), 0);
  assert.equal(parabolicPeak(Float64Array.from([1, 2, 3]), 2), 2);
});
