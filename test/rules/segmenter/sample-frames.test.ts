import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleFrames } from '../../../rules/segmenter/sample-frames.ts';

function steady(count: number, fps: number): number[] {
  return Array.from({ length: count }, (_, frame) => frame / fps);
}

function check(timesSec: number[], durationSec: number, fps: number, expected: number[]): void {
  assert.deepEqual(sampleFrames(timesSec, durationSec, fps), expected);
}

test('a sample is the last frame at or before its time', () => {
  check(steady(30, 30), 1, 4, [0, 7, 15, 22]);
  check(steady(25, 25), 1, 4, [0, 6, 12, 18]);
});

test('a frame is taken once, however long it is shown', () => {
  check([0, 0.1, 2], 3, 4, [0, 1, 2]);
});

test('a last frame that is shown beyond its neighbours is sampled', () => {
  check([0, 0.1, 0.2], 1, 1 / 0.15, [0, 1, 2]);
  check([0, 0.6], 1, 1, [0]);
});

test('a rate above the film gives every frame', () => {
  check(steady(10, 30), 1 / 3, 1000, [...Array(10).keys()]);
});

test('a rate below one a second works', () => {
  check(steady(300, 25), 12, 1 / 4, [0, 100, 200]);
});

test('rates that share grid points with the film hit them in spite of floats', () => {
  for (const [filmFps, fps] of [
    [30, 10],
    [30000 / 1001, 30000 / 2002],
    [24, 0.3],
    [50, 7],
  ] as const) {
    const frames = sampleFrames(steady(500, filmFps), 500 / filmFps, fps);
    const step = filmFps / fps;
    assert.deepEqual(
      frames,
      frames.map((_, sample) => Math.floor(sample * step + 1e-9)),
    );
  }
});

test('sampling agrees with looking up each grid point', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(gaps, fc.constantFrom(0.5, 1, 2, 4, 8, 16), (gapsMs, fps) => {
      // Times between grid points, so that floats decide nothing.
      const times = [0];
      for (const gap of gapsMs) times.push(times.at(-1)! + gap / 1000 + 1e-4 * Math.SQRT1_2);
      const durationSec = times.pop()!;
      const expected = new Set<number>();
      for (let k = 0; k / fps < durationSec; k += 1)
        expected.add(times.findLastIndex((time) => time <= k / fps));
      assert.deepEqual(sampleFrames(times, durationSec, fps), [...expected]);
    }),
  );
});
