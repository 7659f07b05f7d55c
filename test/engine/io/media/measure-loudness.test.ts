import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pcm } from '../../../../engine/core/media.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { realData, realFile } from '../../../real-data.ts';

const signal = new AbortController().signal;
const media = new FfmpegMedia();
const skip = realData === undefined ? 'no shared/data folder' : false;

/** A sine of 997 Hz, the measuring tone of EBU Tech 3341, in all channels. */
function tone(options: { peakDb: number; seconds: number; channels: number; sampleRate?: number }): Pcm {
  const { peakDb, seconds, channels, sampleRate = 48_000 } = options;
  const samples = new Float32Array(seconds * sampleRate * channels);
  const peak = 10 ** (peakDb / 20);
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = peak * Math.sin((2 * Math.PI * 997 * Math.floor(index / channels)) / sampleRate);
  }
  return { samples, sampleRate, channels, startSec: 0 };
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

test('a stereo tone of -23 dBFS measures -23 LUFS all along (EBU Tech 3341, case 1)', async () => {
  const report = await media.measureLoudness(tone({ peakDb: -23, seconds: 20, channels: 2 }), signal);
  assertNear(report.integratedLufs, -23, 0.1);
  assertNear(report.truePeakDbtp, -23, 0.2);
  assert.equal(report.timesSec.length, 200);
  assert.deepEqual([report.timesSec[0], report.timesSec[2], report.timesSec[199]], [0.1, 0.3, 20]);
  for (const lufs of report.momentaryLufs.subarray(4)) assertNear(lufs, -23, 0.1);
  for (const lufs of report.shortTermLufs.subarray(30)) assertNear(lufs, -23, 0.1);
});

test('a mono tone measures 3 LU less, at any sample rate', async () => {
  for (const sampleRate of [16_000, 44_100]) {
    const report = await media.measureLoudness(
      tone({ peakDb: -20, seconds: 5, channels: 1, sampleRate }),
      signal,
    );
    assertNear(report.integratedLufs, -23, 0.1);
  }
});

test('silence is below every gate', async () => {
  const report = await media.measureLoudness(tone({ peakDb: -1000, seconds: 2, channels: 2 }), signal);
  assert.equal(report.integratedLufs, Number.NEGATIVE_INFINITY);
  assert.equal(report.truePeakDbtp, Number.NEGATIVE_INFINITY);
  assert.equal(report.rangeLu, 0);
});

test('no sound at all has no curve', async () => {
  const report = await media.measureLoudness({ ...tone({ peakDb: 0, seconds: 0, channels: 1 }) }, signal);
  assert.equal(report.timesSec.length, 0);
  assert.equal(report.integratedLufs, Number.NEGATIVE_INFINITY);
});

for (const [name, lufs] of [
  ['1770-2_Comp_RelGateTest.wav', -10],
  ['sine_1000.wav', -3],
] as const) {
  test(`${name} measures ${lufs} LUFS`, { skip }, async () => {
    const request = { path: realFile(`audio/${name}`), sampleRate: 'native', channels: 'native' } as const;
    const report = await media.measureLoudness(await media.decodePcm(request, signal), signal);
    assertNear(report.integratedLufs, lufs, 0.1);
  });
}
