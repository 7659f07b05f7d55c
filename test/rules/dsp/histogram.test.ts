import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chiSquare, colourHistogram, histogramBins } from '../../../rules/dsp/histogram.ts';

const pixels = 32;
const picture = fc.uint8Array({ minLength: 3 * pixels, maxLength: 3 * pixels });

function histogramOf(rgb: Uint8Array): Uint32Array {
  const histogram = new Uint32Array(histogramBins);
  colourHistogram(rgb, { start: 0, pixels }, histogram);
  return histogram;
}

test('the distance of two pictures is symmetric, from 0 to 2', () => {
  fc.assert(
    fc.property(picture, picture, (a, b) => {
      const distance = chiSquare(histogramOf(a), histogramOf(b));
      assert.equal(distance, chiSquare(histogramOf(b), histogramOf(a)));
      assert.ok(distance >= 0 && distance <= 2 + 1e-12);
    }),
  );
});

test('a picture is at distance 0 from itself, whatever the order of its pixels', () => {
  fc.assert(
    fc.property(picture, (rgb) => {
      const reversed = Uint8Array.from(
        rgb,
        (_, at) => rgb[3 * (pixels - 1 - Math.floor(at / 3)) + (at % 3)]!,
      );
      assert.equal(chiSquare(histogramOf(rgb), histogramOf(reversed)), 0);
    }),
  );
});

test('pictures that share no bin are at distance 2', () => {
  const red = histogramOf(Uint8Array.from({ length: 3 * pixels }, (_, at) => (at % 3 === 0 ? 255 : 0)));
  const blue = histogramOf(Uint8Array.from({ length: 3 * pixels }, (_, at) => (at % 3 === 2 ? 255 : 0)));
  assert.equal(chiSquare(red, blue), 2);
});

test('empty histograms are at distance 0', () => {
  assert.equal(chiSquare(new Uint32Array(4), new Uint32Array(4)), 0);
});

test('every pixel is counted once for luma and once for chroma', () => {
  fc.assert(
    fc.property(picture, (rgb) => {
      assert.equal(
        histogramOf(rgb).reduce((sum, count) => sum + count, 0),
        2 * pixels,
      );
    }),
  );
});
