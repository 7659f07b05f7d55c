import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoudnessReport, Media } from '../../../engine/core/media.ts';
import { FfmpegMedia } from '../../../engine/io/media/ffmpeg-media.ts';
import { loudnessExtractor } from '../../../rules/audio/loudness-extractor.ts';
import { realData, realFile } from '../../real-data.ts';
import { plan } from '../segmenter/run-segmenter.ts';
import { type AudioResult, numberOf, numbersOf, runAudioRule } from './run-audio-rule.ts';

const sampleRate = 48_000;

const report: LoudnessReport = {
  integratedLufs: -23,
  rangeLu: 4,
  truePeakDbtp: -1.5,
  timesSec: Float64Array.from([0.1, 0.2, 0.3, 0.4]),
  momentaryLufs: Float32Array.from([-120.691, -120.7, Number.NEGATIVE_INFINITY, -23.5]),
  shortTermLufs: Float32Array.from([Number.NaN, -70, -24, -24]),
};

/** Stereo: each number is a second, at this level on the right and silent on the left. */
function seconds(...levels: readonly number[]): Float32Array {
  return new Float32Array(levels.length * sampleRate * 2).map((_, n) =>
    n % 2 === 0 ? 0 : levels[Math.floor(n / 2 / sampleRate)]!,
  );
}

const track = { digest: 'd', sample_rate: sampleRate, channels: 2 };

/** Of which only this is read. */
const metadata = {
  duration_sec: 12,
  streams: [
    { index: 0, type: 'video', codec: 'h264', start_sec: 0.5 },
    { index: 1, type: 'audio', codec: 'aac', start_sec: 0.4 },
  ],
};

interface Meter {
  readonly startSec?: number;
  readonly report?: LoudnessReport;
  readonly warnings?: string[];
}

/** A meter that hears the samples in pieces of 0.3 s and then gives a report. */
function meterOf(samples: Float32Array, meter: Meter = {}): Media['measureLoudness'] {
  return async (_, hear) => {
    const piece = 0.3 * sampleRate * 2;
    for (let start = 0; start < samples.length; start += piece) hear(samples.slice(start, start + piece), 2);
    const sampleCount = samples.length / 2;
    const { startSec = 0, warnings = [] } = meter;
    return { ...report, ...meter.report, sampleRate, channels: 2, sampleCount, startSec, warnings };
  };
}

function measure(
  samples: Float32Array,
  { params = {}, ...meter }: Meter & { params?: Record<string, unknown> } = {},
): Promise<AudioResult> {
  const measureLoudness = meterOf(samples, meter);
  const inputs = { video: { path: 'film.mp4' }, metadata, track };
  return runAudioRule(loudnessExtractor, { inputs, measureLoudness, params });
}

test('the meter is given the file, and what is known of its sound', async () => {
  const asked: unknown[] = [];
  await runAudioRule(loudnessExtractor, {
    inputs: { video: { path: 'film.mp4' }, metadata, track },
    measureLoudness: (request, ...rest) => {
      asked.push(request);
      return meterOf(seconds(0.1))(request, ...rest);
    },
  });
  const stream = { index: 1, sampleRate, channels: 2, durationSec: 12, videoStartSec: 0.5 };
  assert.deepEqual(asked, [{ path: 'film.mp4', stream }]);
});

test('what the decoder warns of is told', async () => {
  const result = await measure(seconds(0.1), { warnings: ['the sound is damaged in places'] });
  assert.deepEqual(result.warnings, ['the sound is damaged in places']);
});

test('times are from the start of the video, and values below the meter are missing', async () => {
  const result = await measure(seconds(0.1), { startSec: 10 });
  assert.equal(numberOf(result, 'integrated_lufs'), -23);
  assert.equal(numberOf(result, 'lra_lu'), 4);
  assert.equal(numberOf(result, 'true_peak_dbtp'), -1.5);
  assert.deepEqual(numbersOf(result, 'times_sec'), [10.1, 10.2, 10.3, 10.4]);
  assert.deepEqual(numbersOf(result, 'momentary_lufs'), [Number.NaN, Number.NaN, Number.NaN, -23.5]);
  assert.deepEqual(numbersOf(result, 'short_term_lufs'), [Number.NaN, -70, -24, -24]);
  assert.deepEqual(result.warnings, []);
});

test('a silence is told from its first sample to its end, from the start of the video', async () => {
  const result = await measure(seconds(0, 0.5, 0.0009, 0.0009, 0.5), { startSec: -0.25 });
  assert.deepEqual(numbersOf(result, 'silence_start_sec'), [-0.25, 1.75]);
  assert.deepEqual(numbersOf(result, 'silence_end_sec'), [0.75, 3.75]);
});

test('what counts as silence follows the params', async () => {
  const samples = seconds(0.5, 0.05, 0.5, 0, 0, 0.5);
  const louder = await measure(samples, { params: { silence_dbfs: -20 } });
  assert.deepEqual(numbersOf(louder, 'silence_start_sec'), [1, 3]);
  const longer = await measure(samples, { params: { silence_dbfs: -20, silence_min_sec: 1.5 } });
  assert.deepEqual(numbersOf(longer, 'silence_start_sec'), [3]);
});

test('silent audio is one silence without loudness and with a warning, not an empty result', async () => {
  const infinite = { ...report, integratedLufs: -Infinity, rangeLu: 0, truePeakDbtp: -Infinity };
  const result = await measure(seconds(0, 0), { report: infinite });
  for (const name of ['integrated_lufs', 'lra_lu', 'true_peak_dbtp'])
    assert.ok(Number.isNaN(numberOf(result, name)));
  assert.equal(result.emptyReason, undefined);
  assert.match(result.warnings.join(), /no integrated loudness/);
  assert.deepEqual(numbersOf(result, 'silence_end_sec'), [2]);
});

test('without audio the result is empty and the meter is not asked', async () => {
  const result = await runAudioRule(loudnessExtractor, {
    inputs: { video: { path: 'film.mp4' }, metadata, track: null },
  });
  assert.equal(result.emptyReason, 'no audio');
  assert.ok(Number.isNaN(numberOf(result, 'integrated_lufs')));
  assert.deepEqual(numbersOf(result, 'times_sec'), []);
  assert.deepEqual(numbersOf(result, 'silence_start_sec'), []);
});

test('the file is named by its sound alone, so that other pictures or another container repeat nothing', () => {
  const { video, metadata } = loudnessExtractor.inputs as Exclude<typeof loudnessExtractor.inputs, 'open'>;
  assert.deepEqual([video!.identifiedBy, metadata!.identifiedBy], ['track', 'track']);
});

async function measureFile(name: string): Promise<AudioResult> {
  const path = realFile(name);
  const { metadata, audio: track } = await plan(path);
  const media = new FfmpegMedia();
  const measureLoudness = media.measureLoudness.bind(media);
  return runAudioRule(loudnessExtractor, { inputs: { video: { path }, metadata, track }, measureLoudness });
}

const skip = realData ? false : 'no shared/data folder';

test('known signals have their known loudness to 0.1 LU', { skip }, async () => {
  const known: [string, number][] = [
    ['audio/1770-2_Comp_RelGateTest.wav', -10],
    ['audio/sine_1000.wav', -3],
    ['videos/auto-editor-example.mp4', -21.9],
    ['videos/friday.mp4', -31.4],
    ['videos/video_desks.3gp', -58.6],
  ];
  for (const [name, lufs] of known) {
    const found = numberOf(await measureFile(name), 'integrated_lufs');
    assert.ok(Math.abs(found - lufs) <= 0.101, `${name}: ${found} LUFS`);
  }
});

test('a silent track is one silence of its whole length', { skip }, async () => {
  for (const [name, length] of [
    ['videos/car-detection.mp4', 30.2],
    ['videos/flower.mp4', 5.05],
  ] as const) {
    const result = await measureFile(name);
    assert.ok(Number.isNaN(numberOf(result, 'integrated_lufs')));
    const [start, end] = [numberOf(result, 'silence_start_sec'), numberOf(result, 'silence_end_sec')];
    assert.ok(Math.abs(end - start - length) < 0.1, `${name}: ${start} to ${end} s`);
  }
});
