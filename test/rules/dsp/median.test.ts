import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median } from '../../../rules/dsp/median.ts';

test('as many numbers lie below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      assert.ok(values.filter((value) => value < middle).length <= values.length / 2);
      assert.ok(values.filter((value) => value > middle).length <= values.length / 2);
    }),
  );
});

test('NaN is left out, and of NaN alone the median is NaN', () => {
  assert.equal(median([Number.NaN, 3, 1]), 2);
  assert.ok(Number.isNaN(median([Number.NaN])));
  assert.ok(Number.isNaN(median([])));
});
