import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimateTempo } from '../../../rules/dsp/tempo-estimate.ts';
import { tempogram } from '../../../rules/dsp/tempogram.ts';

const rateHz = 100;
const prior = { bpm: 120, octaves: 1 };

/** An envelope with a Gaussian onset at each multiple of a period. */
function onsets(...voices: readonly { bpm: number; strength: number }[]): Float32Array {
  return new Float32Array(30 * rateHz).map((_, frame) =>
    voices.reduce((sum, { bpm, strength }) => {
      const period = (60 * rateHz) / bpm;
      const distance = frame - 20 - Math.round((frame - 20) / period) * period;
      return sum + strength * Math.exp(-(distance ** 2) / 2);
    }, 0),
  );
}

function estimate(envelope: Float32Array, options: { prior?: typeof prior; maxBpm?: number } = {}) {
  const gram = tempogram(envelope, { rateHz, windowSec: 8, hopSec: 2, minBpm: 40, maxBpm: 480 });
  return estimateTempo(gram, { prior, maxBpm: 240, rateHz, ...options });
}

test('a tempo between the steps of the tempogram is told to a thousandth', () => {
  for (const bpm of [61.3, 87.7, 99.2, 123.4, 141.9, 177.7, 211.1]) {
    const found = estimate(onsets({ bpm, strength: 1 }));
    assert.ok(Math.abs(found!.bpm / bpm - 1) < 0.001, `${bpm} came out as ${found!.bpm}`);
  }
});

test('the prior decides between beats and their halves', () => {
  const music = onsets({ bpm: 90, strength: 1 }, { bpm: 180, strength: 0.7 });
  assert.ok(Math.abs(estimate(music, { prior: { bpm: 80, octaves: 0.5 } })!.bpm - 90) < 1);
  assert.ok(Math.abs(estimate(music, { prior: { bpm: 200, octaves: 0.5 } })!.bpm - 180) < 2);
});

test('candidates come strongest first, begin with the tempo and are apart', () => {
  const found = estimate(onsets({ bpm: 90, strength: 1 }, { bpm: 180, strength: 0.7 }))!;
  const strengths = found.candidates.map(({ strength }) => strength);
  assert.deepEqual(
    strengths,
    strengths.toSorted((a, b) => b - a),
  );
  assert.equal(found.candidates[0]!.bpm, found.bpm);
  assert.ok(found.candidates.length <= 5);
  assert.ok(found.candidates.some(({ bpm }) => Math.abs(bpm - 180) < 2));
});

test('no candidate is faster than the fastest', () => {
  const found = estimate(onsets({ bpm: 180, strength: 1 }, { bpm: 90, strength: 0.5 }), { maxBpm: 150 })!;
  for (const { bpm } of found.candidates) assert.ok(bpm <= 150);
  assert.ok(Math.abs(found.bpm - 90) < 1);
});

test('an envelope that does not pulse has no tempo', () => {
  assert.equal(estimate(new Float32Array(3000)), undefined);
});
