import { z } from 'zod';
import { file, type ValueOf } from '../../engine/core/kind.ts';
import type { MeasuredSound } from '../../engine/core/media.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { SilenceSpans, type Span } from '../dsp/silence-spans.ts';
import { audioTrack, loudness, metadata } from '../kinds.ts';
import { soundStream } from '../sound-stream.ts';

type Loudness = ValueOf<typeof loudness>;

/** What a meter shows of digital silence, which has no loudness: 1e-12 of full scale in power, less 0.691 LU. */
const meterFloorLufs = -120.69;

/**
 * Measures how loud a video is, as broadcasters do, and finds its silences.
 *
 * Loudness and true peak: EBU R 128 with ITU-R BS.1770-4; loudness range: EBU Tech 3342. The sound is measured
 * as the file has it, since the standard weighs the channels: mono made stereo would measure 3 LU louder. So it is
 * read from the file, and never held: an hour of it would be more than a gigabyte.
 *
 * Silence: every longest stretch in which no sample of any channel reaches `silence_dbfs`. A constant offset or
 * hum above it is sound.
 *
 * Sound of which no block of 0.4 s passes the absolute gate of −70 LUFS is a result, not an empty one: integrated
 * loudness and range are NaN, since they are statistics of nothing, and a warning says so. Empty is only a
 * video without sound.
 */
export const loudnessExtractor = defineRule({
  name: 'audio/loudness-extractor',
  version: '1',
  scope: 'whole',
  params: z.strictObject({
    silence_dbfs: z
      .number()
      .min(-120)
      .max(0)
      .default(-60)
      .describe('peak level below which it is silent; dB of full scale'),
    silence_min_sec: z.number().positive().default(0.5).describe('shortest silence that is told; seconds'),
  }),
  inputs: {
    video: input(file(), { identifiedBy: 'track' }),
    metadata: input(metadata, { identifiedBy: 'track' }),
    track: input(audioTrack),
  },
  outputs: { loudness },
  resources: { cores: 1, memoryMiB: 128 },
  programs: ['ffmpeg'],

  async run({ inputs: { video, metadata, track }, params, media, signal, empty, warn }) {
    if (track === null) {
      empty('no audio');
      return { loudness: noLoudness() };
    }
    const silence = new SilenceSpans({
      threshold: 10 ** (params.silence_dbfs / 20),
      minFrames: Math.ceil(params.silence_min_sec * track.sample_rate),
    });
    const hear = (samples: Float32Array, channels: number): void => silence.push(samples, channels);
    const stream = soundStream(metadata, track);
    const sound = await media.measureLoudness({ path: video.path, stream }, hear, signal);
    for (const warning of sound.warnings) warn(warning);
    if (!Number.isFinite(sound.integratedLufs)) {
      warn('The audio has no integrated loudness: none of its blocks of 0.4 s passes the gate of -70 LUFS.');
    }
    return { loudness: toArrays(sound, silence.finish()) };
  },
});

function toArrays(sound: MeasuredSound, spans: readonly Span[]): Loudness {
  const fromStart = (seconds: number) => sound.startSec + seconds;
  const secondsOf = (frames: readonly number[]) =>
    Float64Array.from(frames, (frame) => fromStart(frame / sound.sampleRate));
  const hasLoudness = Number.isFinite(sound.integratedLufs);
  return {
    integrated_lufs: scalar('float64', finiteOrNaN(sound.integratedLufs)),
    lra_lu: scalar('float64', hasLoudness ? finiteOrNaN(sound.rangeLu) : Number.NaN),
    true_peak_dbtp: scalar('float64', finiteOrNaN(sound.truePeakDbtp)),
    times_sec: vector('float64', sound.timesSec.map(fromStart)),
    momentary_lufs: vector('float32', sound.momentaryLufs.map(aboveFloorOrNaN)),
    short_term_lufs: vector('float32', sound.shortTermLufs.map(aboveFloorOrNaN)),
    silence_start_sec: vector('float64', secondsOf(spans.map(({ start }) => start))),
    silence_end_sec: vector('float64', secondsOf(spans.map(({ end }) => end))),
  };
}

function finiteOrNaN(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

function aboveFloorOrNaN(lufs: number): number {
  return lufs > meterFloorLufs && lufs < Number.POSITIVE_INFINITY ? lufs : Number.NaN;
}

function noLoudness(): Loudness {
  const missing = scalar('float64', Number.NaN);
  return {
    integrated_lufs: missing,
    lra_lu: missing,
    true_peak_dbtp: missing,
    times_sec: vector('float64', []),
    momentary_lufs: vector('float32', []),
    short_term_lufs: vector('float32', []),
    silence_start_sec: vector('float64', []),
    silence_end_sec: vector('float64', []),
  };
}
