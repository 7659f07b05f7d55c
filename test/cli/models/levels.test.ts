import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Levels } from '../../../engine/cli/model-versions/levels.ts';

test('a few numbers that lie apart do not stretch the range', () => {
  const levels = new Levels();
  levels.add(Float32Array.from({ length: 50_000 }, (_, at) => at / 50_000));
  levels.add(Float32Array.of(-1000, 5000));
  assert.deepEqual(levels.all, { min: -1000, max: 5000 });
  const { min, max } = levels.most;
  assert.ok(min >= -8 && min <= 0 && max >= 0.99 && max <= 8, `${min} to ${max}`); // To the width of a bin.
});

test('without any that lie apart nearly all is in the range, and no more than was seen', () => {
  const levels = new Levels();
  levels.add(Float32Array.from({ length: 10_000 }, (_, at) => at / 1000 - 5));
  const { min, max } = levels.most;
  assert.ok(min >= -5 && min < -4.9 && max <= 5 && max > 4.9, `${min} to ${max}`);
});

test('numbers that are all the same are a range', () => {
  for (const value of [0, 3, -(2 ** -30)]) {
    const levels = new Levels();
    levels.add(new Float32Array(10).fill(value));
    assert.deepEqual(levels.most, { min: value, max: value });
  }
});
