import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveSampling } from '../../../engine/core/sampling.ts';
import { seed } from '../../properties/seed.ts';

const size = { width: 320, height: 180 };

function fpsOf(fps: number | 'keyframes', maxFrames: number, durationSec: number): number | 'keyframes' {
  return resolveSampling({ fps, maxFrames, ...size }, durationSec).fps;
}

test('a film that fits its budget is sampled at its own rate', () => {
  assert.equal(fpsOf(3, 600, 200), 3);
  assert.equal(fpsOf(3, 600, Number.NaN), 3);
  assert.equal(fpsOf('keyframes', 1, 1e9), 'keyframes');
});

test('a film that does not fit is sampled at the next power of two that lets it fit', () => {
  assert.equal(fpsOf(3, 600, 201), 2);
  assert.equal(fpsOf(4, 600, 301), 1);
  assert.equal(fpsOf(1, 600, 1201), 0.25);
});

test(`ten more seconds change the rate of hardly any film (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 4, 7.5, 30),
      fc.integer({ min: 10, max: 5000 }),
      fc.double({ min: 1, max: 1e5, noNaN: true }),
      (fps, maxFrames, durationSec) => {
        const [now, later] = [
          fpsOf(fps, maxFrames, durationSec),
          fpsOf(fps, maxFrames, durationSec + 10),
        ] as [number, number];
        assert.ok(later <= now && now <= fps);
        assert.ok(now * durationSec <= maxFrames || now === 1 / 64);
        if (now !== fps) assert.ok(Number.isInteger(Math.log2(now)));
      },
    ),
    { seed },
  );
});
