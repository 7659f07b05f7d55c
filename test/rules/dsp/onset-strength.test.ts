import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onsetPeaks, onsetStrength } from '../../../rules/dsp/onset-strength.ts';
import { clickTrack, joined, noiseSource, sampleRate } from '../audio/click-track.ts';

const seconds = (length: number, wave: (t: number) => number) =>
  new Float32Array(length * sampleRate).map((_, n) => wave(n / sampleRate));
const sine = (hz: number) => (t: number) => 0.5 * Math.sin(2 * Math.PI * hz * t);
const strongest = (curve: Float32Array) => curve.reduce((most, value) => Math.max(most, value), 0);

test('each click is a peak within 10 ms of its start, and nothing else is', () => {
  const { strength, rateHz } = onsetStrength(clickTrack({ bpm: 60, seconds: 5, firstSec: 0.5 }), sampleRate);
  const peaks = [...strength.keys()].filter(
    (i) => strength[i]! > 0.1 && strength[i]! >= strength[i - 1]! && strength[i]! > strength[i + 1]!,
  );
  assert.equal(peaks.length, 5);
  for (const [beat, peak] of peaks.entries()) assert.ok(Math.abs(peak / rateHz - 0.5 - beat) <= 0.01);
});

test('a steady tone has no onset, not even where the sound starts and ends', () => {
  assert.ok(strongest(onsetStrength(seconds(3, sine(440)), sampleRate).strength) < 1e-4);
});

test('a tone that glides counts a tenth of one that begins', () => {
  const glide = seconds(3, (t) => 0.5 * Math.sin(2 * Math.PI * (440 * t + 30 * Math.sin(5 * t))));
  const start = joined(new Float32Array(sampleRate), seconds(2, sine(440)));
  const [ofGlide, ofStart] = [glide, start].map((sound) =>
    strongest(onsetStrength(sound, sampleRate).strength),
  );
  assert.ok(ofGlide! < ofStart! / 10, `glide ${ofGlide}, start ${ofStart}`);
});

test('silence and sound shorter than a frame have no onset', () => {
  assert.equal(strongest(onsetStrength(new Float32Array(sampleRate), sampleRate).strength), 0);
  assert.equal(strongest(onsetStrength(new Float32Array(100).fill(1), sampleRate).strength), 0);
  assert.equal(onsetStrength(new Float32Array(0), sampleRate).strength.length, 0);
});

test('the same sound at another sample rate has its onsets at the same times', () => {
  for (const rate of [8000, 22_050, 44_100, 48_000]) {
    const click = new Float32Array(rate).fill(0.9, rate / 2, rate / 2 + rate / 500);
    const { strength, rateHz } = onsetStrength(click, rate);
    const peak = strength.indexOf(strongest(strength)) / rateHz;
    assert.ok(Math.abs(peak - 0.5) <= 0.015, `${rate} Hz: ${peak} s`);
  }
});

test('peaks stand above the flux of continuous noise', () => {
  const random = noiseSource(3);
  const noisy = clickTrack({ bpm: 60, seconds: 4 }).map((value) => value + 0.1 * random());
  const curve = onsetStrength(noisy, sampleRate);
  const peaks = onsetPeaks(curve);
  const median = (values: Float32Array) => values.toSorted()[values.length / 2]!;
  assert.ok(median(curve.strength) > 0.01);
  assert.ok(median(peaks) < median(curve.strength) / 10);
});

test('peaks of a constant are zero, and no peak is higher than its strength', () => {
  assert.equal(strongest(onsetPeaks({ strength: new Float32Array(300).fill(2), rateHz: 100 })), 0);
  const random = noiseSource(5);
  const strength = new Float32Array(300).map(() => 1 + random());
  for (const [i, peak] of onsetPeaks({ strength, rateHz: 100 }).entries())
    assert.ok(peak >= 0 && peak <= strength[i]!);
});
