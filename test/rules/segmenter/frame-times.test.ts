import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endTime, frameTimes, gridRate } from '../../../rules/segmenter/frame-times.ts';

const count = [...Array(240).keys()];

for (const [frames, seconds] of [
  [24000, 1001],
  [25, 1],
  [30000, 1001],
  [30, 1],
  [50, 1],
  [60, 1],
] as const) {
  test(`milliseconds of ${frames}/${seconds} frames a second become the times that they were`, () => {
    for (const startMs of [0, 0.3, 0.5, 7.8]) {
      const rounded = count.map((frame) => Math.round(startMs + (frame * seconds * 1000) / frames));
      const rate = gridRate(rounded, [1, 1000]);
      assert.deepEqual(
        [...frameTimes(rounded, [1, 1000], rate)],
        count.map((frame) => (frame * seconds) / frames),
      );
      const end = Math.round(startMs + (240 * seconds * 1000) / frames);
      assert.equal(endTime(end - rounded[0]!, [1, 1000], rate), (240 * seconds) / frames);
    }
  });
}

test('frames that are left out of a steady rate stay on its grid', () => {
  const kept = count.filter((frame) => frame % 7 !== 3 && frame % 11 !== 5);
  const rounded = kept.map((frame) => Math.round((frame * 1000) / 30));
  const rate = gridRate(rounded, [1, 1000]);
  assert.deepEqual(
    [...frameTimes(rounded, [1, 1000], rate)],
    kept.map((frame) => frame / 30),
  );
});

test('times of a variable rate are as written', () => {
  const pts = [0, 64_236, 66_637, 69_038, 80_000, 123_456];
  assert.deepEqual(
    [...frameTimes(pts, [1, 57_600], gridRate(pts, [1, 57_600]))],
    pts.map((tick) => tick / 57_600),
  );
  assert.equal(endTime(130_000, [1, 57_600], undefined), 130_000 / 57_600);
});

test('times are relative to the first frame', () => {
  assert.deepEqual([...frameTimes([1000, 1040, 1080], [1, 1000], undefined)], [0, 0.04, 0.08]);
});

test('a single frame is at zero and lasts as long as it says', () => {
  assert.deepEqual([...frameTimes([5], [1, 1000], gridRate([5], [1, 1000]))], [0]);
  assert.equal(endTime(1, [1, 1000], undefined), 0.001);
});

test('an end far from the grid is kept', () => {
  assert.equal(endTime(133, [1, 1000], [25, 1]), 0.133);
});
