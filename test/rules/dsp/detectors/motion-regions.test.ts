import assert from 'node:assert/strict';
import test from 'node:test';
import { modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import { motionRegions } from '../../../../rules/dsp/detectors/motion-regions.ts';

const input = modelEntrySchema.shape.inputs.element.shape.picture.unwrap().parse({ width: 20, height: 12 });

/** A map of 10×6 cells of 2×2 pixels, drawn with digits: tenths. */
function regionsOf(drawn: string, { threshold = 0.5, min_area = 0, max_moving = 1 } = {}) {
  const rows = drawn.trim().split(/\s+/);
  const data = Float32Array.from(rows.join(''), (digit) => (digit === '.' ? 0 : Number(digit) / 10));
  const item = { data, shape: [1, rows.length, rows[0]!.length] };
  return motionRegions.decode([item], input, { threshold, min_area, max_moving }).map(({ box, score }) => ({
    box: [...box],
    score: Math.round(score * 100) / 100,
  }));
}

test('each connected region is an object, with its bounds in pixels and its mean as score', () => {
  const found = regionsOf(`
    ..........
    .88....6..
    .8......6.
    ..........
    ..........
    .........9`);
  assert.deepEqual(found, [
    { box: [2, 2, 6, 6], score: 0.8 },
    { box: [14, 2, 18, 6], score: 0.6 },
    { box: [18, 10, 20, 12], score: 0.9 },
  ]);
});

test('a region that winds is one object', () => {
  const found = regionsOf(`
    9999999999
    9........9
    9.999999.9
    9.9....9.9
    9.999.99.9
    9.....9999`);
  assert.equal(found.length, 1);
});

test('what is below the threshold, or smaller than the least area, is nothing', () => {
  const drawn = `
    4444444444
    4444444444
    ..........
    .9.....99.
    .......99.
    ..........`;
  assert.deepEqual(
    regionsOf(drawn, { min_area: 4 / 60 }).map(({ box }) => box),
    [[14, 6, 18, 10]],
  );
});

test('a map without motion has no objects', () => {
  assert.deepEqual(regionsOf('.......... ..........'), []);
});

test('where most of the picture moves there is a cut, and no object', () => {
  const drawn = `
    9999.
    9999.
    99...
  `;
  assert.equal(regionsOf(drawn, { max_moving: 0.7 }).length, 1);
  assert.deepEqual(regionsOf(drawn, { max_moving: 0.6 }), []);
});
