import assert from 'node:assert/strict';
import test from 'node:test';
import { colourOf, cssColour } from '../../../rules/report/colour-map.ts';

/** L* of CIELAB. */
function lightness(share: number): number {
  const [red, green, blue] = colourOf(share).map((level) => {
    const coded = level / 255;
    return coded <= 0.04045 ? coded / 12.92 : ((coded + 0.055) / 1.055) ** 2.4;
  });
  return 116 * Math.cbrt(0.2126 * red! + 0.7152 * green! + 0.0722 * blue!) - 16;
}

test('equal steps of a share are equal steps of lightness, so that the map reads in grey, too', () => {
  const steps = Array.from({ length: 16 }, (_, at) => lightness((at + 1) / 16) - lightness(at / 16));
  for (const step of steps) assert.ok(step > 2.5 && step < 6.5, steps.map((one) => one.toFixed(1)).join(' '));
});

test('what lies beyond 0 and 1 has the colour of the nearer end', () => {
  assert.deepEqual([colourOf(-3), colourOf(9)], [colourOf(0), colourOf(1)]);
  assert.match(cssColour(0), /^#[0-9a-f]{6}$/);
});
