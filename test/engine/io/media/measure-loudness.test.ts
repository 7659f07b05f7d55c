import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { MeasuredSound } from '../../../../engine/core/media.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { realData, realFile } from '../../../real-data.ts';
import { mediaFolder, picture, x264 } from './make-media.ts';
import { type Wave, waveFile } from './wave-file.ts';

const signal = new AbortController().signal;
const media = new FfmpegMedia();
const skip = realData === undefined ? 'no shared/data folder' : false;

interface Heard {
  readonly report: MeasuredSound;
  readonly samples: Float32Array;
}

async function measureFile(path: string): Promise<Heard> {
  const pieces: number[] = [];
  const report = await media.measureLoudness({ path }, (samples) => pieces.push(...samples), signal);
  return { report, samples: Float32Array.from(pieces) };
}

async function measure(wave: Wave): Promise<Heard> {
  await using folder = await mediaFolder();
  await writeFile(folder.path('sound.wav'), waveFile(wave));
  return await measureFile(folder.path('sound.wav')); // Before the folder goes.
}

/** A sine of 997 Hz, the measuring tone of EBU Tech 3341, in all channels. */
function tone(options: { peakDb: number; seconds: number; channels: number; sampleRate?: number }): Wave {
  const { peakDb, seconds, channels, sampleRate = 48_000 } = options;
  const samples = new Float32Array(seconds * sampleRate * channels);
  const peak = 10 ** (peakDb / 20);
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = peak * Math.sin((2 * Math.PI * 997 * Math.floor(index / channels)) / sampleRate);
  }
  return { samples, sampleRate, channels };
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

test('a stereo tone of -23 dBFS measures -23 LUFS all along (EBU Tech 3341, case 1)', async () => {
  const { report } = await measure(tone({ peakDb: -23, seconds: 20, channels: 2 }));
  assertNear(report.integratedLufs, -23, 0.1);
  assertNear(report.truePeakDbtp, -23, 0.2);
  assert.equal(report.timesSec.length, 200);
  assert.deepEqual([report.timesSec[0], report.timesSec[2], report.timesSec[199]], [0.1, 0.3, 20]);
  for (const lufs of report.momentaryLufs.subarray(4)) assertNear(lufs, -23, 0.1);
  for (const lufs of report.shortTermLufs.subarray(30)) assertNear(lufs, -23, 0.1);
});

test('a mono tone measures 3 LU less, at any sample rate', async () => {
  for (const sampleRate of [16_000, 44_100]) {
    const { report } = await measure(tone({ peakDb: -20, seconds: 5, channels: 1, sampleRate }));
    assertNear(report.integratedLufs, -23, 0.1);
    assert.deepEqual([report.sampleRate, report.channels], [sampleRate, 1]);
  }
});

test('silence is below every gate', async () => {
  const { report } = await measure(tone({ peakDb: -1000, seconds: 2, channels: 2 }));
  assert.equal(report.integratedLufs, Number.NEGATIVE_INFINITY);
  assert.equal(report.truePeakDbtp, Number.NEGATIVE_INFINITY);
  assert.equal(report.rangeLu, 0);
});

test('sound that is shorter than a step of the meter has no curve', async () => {
  const { report } = await measure(tone({ peakDb: 0, seconds: 0.05, channels: 1 }));
  assert.equal(report.timesSec.length, 0);
  assert.equal(report.integratedLufs, Number.NEGATIVE_INFINITY);
  assert.equal(report.sampleCount, 2400);
});

test('all of the sound is heard, whatever the pieces', async () => {
  for (const channels of [1, 2, 3]) {
    const wave = tone({ peakDb: -3, seconds: 1.3, channels });
    const { report, samples } = await measure(wave);
    assert.deepEqual(samples, wave.samples);
    assert.equal(report.sampleCount, wave.samples.length / channels);
    assert.equal(report.channels, channels);
  }
});

test('what is heard is the sound as decodePcm gives it, gaps filled, from the same start', async () => {
  await using folder = await mediaFolder();
  const late = ['-itsoffset', '0.5', '-f', 'lavfi', '-i', 'sine=d=4'];
  const gap = ['-c:v', 'libx264', '-c:a', 'libmp3lame', '-bsf:a', 'noise=drop=between(n\\,60\\,100)'];
  const path = await folder.make(...picture(), ...late, ...gap, 'f.mkv');
  const { report, samples } = await measureFile(path);
  const pcm = await media.decodePcm({ path, sampleRate: 'native', channels: 'native' }, signal);
  assert.deepEqual(samples, Float32Array.from(pcm.samples));
  assert.equal(report.startSec, pcm.startSec);
  assertNear(report.startSec, 0.5, 0.03);
  assertNear(report.sampleCount / report.sampleRate, 4, 0.05);
});

test('sound whose channels change midway is measured as one', async () => {
  await using folder = await mediaFolder();
  const aac = ['-c:a', 'aac', '-f', 'mpegts'];
  const loud = await folder.make('-f', 'lavfi', '-i', 'sine=d=4,volume=4', '-ac', '2', ...aac, 'a.ts');
  const quiet = await folder.make('-f', 'lavfi', '-i', 'sine=d=2,volume=0.1', '-ac', '1', ...aac, 'b.ts');
  await writeFile(folder.path('both.ts'), Buffer.concat([await readFile(loud), await readFile(quiet)]));
  const first = await measureFile(loud);
  const both = await measureFile(folder.path('both.ts'));
  assertNear(both.report.integratedLufs, first.report.integratedLufs, 0.5);
  assertNear(both.report.timesSec.at(-1)!, both.report.sampleCount / both.report.sampleRate, 0.1);
  assert.ok(both.report.sampleCount > 1.4 * first.report.sampleCount);
});

test('a film without sound cannot be measured', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ seconds: 1 }), ...x264(12), 'f.mp4');
  await assert.rejects(measureFile(path), { code: 'unsupported_media' });
});

test('the measuring stops when it is told to', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make('-f', 'lavfi', '-i', 'sine=d=600', 'f.wav');
  const stop = new AbortController();
  const hear = (): void => stop.abort(new Error('heard enough'));
  await assert.rejects(media.measureLoudness({ path }, hear, stop.signal), /heard enough/);
});

for (const [name, lufs] of [
  ['1770-2_Comp_RelGateTest.wav', -10],
  ['sine_1000.wav', -3],
] as const) {
  test(`${name} measures ${lufs} LUFS`, { skip }, async () => {
    const path = realFile(`audio/${name}`);
    const report = await media.measureLoudness({ path }, () => undefined, signal);
    assertNear(report.integratedLufs, lufs, 0.1);
  });
}
