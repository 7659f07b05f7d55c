import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MelBands } from '../../../rules/dsp/mel-bands.ts';

function bandsOf(power: Float64Array, count: number): Float64Array {
  const bands = new Float64Array(count).fill(9);
  new MelBands({ count, bins: power.length, sampleRate: 16_000 }).apply(power, bands);
  return bands;
}

test('white noise is level over all bands', () => {
  for (const band of bandsOf(new Float64Array(257).fill(3), 40)) assert.ok(Math.abs(band - 3) < 1e-12);
});

test('a tone appears in the band of its pitch and at most in one beside it', () => {
  const power = new Float64Array(257);
  power[32] = 1; // 1000 Hz, 1000 mel: the 14.4th of 41 equal steps up to 2840 mel.
  const active = [...bandsOf(power, 40).entries()].filter(([, band]) => band > 0).map(([index]) => index);
  assert.deepEqual(active, [13, 14]);
});

test('more bands than the spectrum can tell apart are a bug', () => {
  assert.throws(() => new MelBands({ count: 200, bins: 65, sampleRate: 16_000 }), assert.AssertionError);
});
