import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PacingInput, pacingCurve, shotLengthStatistics } from '../../../rules/dsp/pacing.ts';

const still: PacingInput = {
  changesSec: [],
  motionTimesSec: [0, 10, 20, 30, 40, 50],
  motion: [Number.NaN, 0, 0, 0, 0, 0],
  loudnessTimesSec: [],
  loudnessLufs: [],
  startSec: 0,
  endSec: 60,
};
const window = { windowSec: 10, stepSec: 1 };

test('a still film without cuts and sound has no pace', () => {
  const { pacing, cutsPerMin, timesSec } = pacingCurve(still, window);
  assert.equal(timesSec.length, 60);
  assert.ok([...cutsPerMin].every((rate) => rate === 0));
  assert.ok([...pacing].every((pace) => pace === 0));
});

test('a cut every two seconds is 30 cuts a minute', () => {
  const changesSec = Array.from({ length: 29 }, (_, index) => 2 * (index + 1));
  const { cutsPerMin } = pacingCurve({ ...still, changesSec }, window);
  assert.equal(cutsPerMin[30], 30);
});

test('windows at the ends are cut off there, and rates refer to what is left', () => {
  const { cutsPerMin } = pacingCurve({ ...still, changesSec: [1] }, { windowSec: 10, stepSec: 1 });
  assert.ok(Math.abs(cutsPerMin[0]! - 60 / 5.5) < 1e-4);
});

test('more cuts, more motion and louder sound each raise the pace', () => {
  const lengths = { ...still, motion: [0, 0.02, 0.02, 0.02, 0.02, 0.02] };
  const moving = pacingCurve(lengths, window).pacing[30]!;
  const cut = pacingCurve({ ...lengths, changesSec: [28, 31] }, window).pacing[30]!;
  const quiet = { ...lengths, changesSec: [28, 31], loudnessTimesSec: [30], loudnessLufs: [-35] };
  const loud = pacingCurve({ ...quiet, loudnessLufs: [-12] }, window).pacing[30]!;
  assert.ok(moving > 0 && cut > moving && loud > pacingCurve(quiet, window).pacing[30]!);
});

test('an appended minute leaves the earlier windows as they were', () => {
  const changesSec = [5, 9, 20, 33, 41];
  const before = pacingCurve({ ...still, changesSec }, window);
  const after = pacingCurve({ ...still, changesSec: [...changesSec, 70, 75], endSec: 120 }, window);
  assert.deepEqual(after.cutsPerMin.slice(0, 55), before.cutsPerMin.slice(0, 55));
});

test('statistics of shot lengths are those of the textbook', () => {
  assert.deepEqual(shotLengthStatistics([2, 4, 6]), { mean: 4, median: 4, variation: Math.sqrt(8 / 3) / 4 });
  assert.equal(shotLengthStatistics([1, 2, 3, 10]).median, 2.5);
  assert.ok(Number.isNaN(shotLengthStatistics([]).mean));
});
