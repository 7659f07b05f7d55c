import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { trackBeats } from '../../../rules/dsp/beat-tracker.ts';

const tightness = 100;

/** An envelope with a pulse of one frame at each of these. */
function pulses(length: number, frames: readonly number[]): Float32Array {
  const envelope = new Float32Array(length);
  for (const frame of frames) envelope[frame] = 1;
  return envelope;
}

const every = (period: number, { from, to }: { from: number; to: number }) =>
  Array.from({ length: Math.floor((to - from) / period) + 1 }, (_, beat) => Math.round(from + beat * period));

test('the beats of an ideal pulse train are its pulses, for any period and start', () => {
  const periods = fc.double({ min: 25, max: 150, noNaN: true });
  fc.assert(
    fc.property(periods, fc.integer({ min: 0, max: 140 }), (period, from) => {
      const frames = every(period, { from, to: 1400 });
      assert.deepEqual([...trackBeats(pulses(1500, frames), { period, tightness })].map(Math.round), frames);
    }),
    { numRuns: 50 },
  );
});

test('beats go on through a gap and do not go on before and after the music', () => {
  const frames = every(50, { from: 1000, to: 3000 });
  const heard = frames.filter((frame) => frame < 1800 || frame > 2000);
  assert.deepEqual([...trackBeats(pulses(4000, heard), { period: 50, tightness })], frames);
});

test('onsets between the beats do not move them', () => {
  const beats = every(50, { from: 100, to: 2000 });
  const envelope = pulses(2100, beats);
  for (const frame of beats.slice(0, -1)) envelope[frame + 20] = 0.4;
  assert.deepEqual([...trackBeats(envelope, { period: 50, tightness })].map(Math.round), beats);
});

test('beats follow music that speeds up by a tenth', () => {
  const frames = Array.from({ length: 60 }, (_, beat) => Math.round(50 * beat - 0.04 * beat ** 2));
  const beats = [...trackBeats(pulses(2950, frames), { period: 48, tightness })].map(Math.round);
  assert.deepEqual(beats, frames);
});

test('without onsets there are no beats', () => {
  assert.equal(trackBeats(new Float32Array(500), { period: 50, tightness }).length, 0);
  assert.equal(trackBeats(new Float32Array(0), { period: 50, tightness }).length, 0);
});
