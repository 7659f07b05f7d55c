import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import type { LoudnessReport, Pcm } from '../../engine/core/media.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { type Span, silenceSpans } from '../dsp/silence-spans.ts';
import { loudness, pcm } from '../kinds.ts';

type Loudness = ValueOf<typeof loudness>;

/** What a meter shows of digital silence, which has no loudness: 1e-12 of full scale in power, less 0.691 LU. */
const meterFloorLufs = -120.69;

/**
 * Measures how loud a video is, as broadcasters do, and finds its silences.
 *
 * Loudness and true peak: EBU R 128 with ITU-R BS.1770-4; loudness range: EBU Tech 3342. The sound is asked for as
 * the file has it, since the standard weighs the channels: mono made stereo would measure 3 LU louder.
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
  inputs: { audio: input(pcm, { request: () => ({ sample_rate: 'native', channels: 'native' }) }) },
  outputs: { loudness },

  async run({ inputs, params, media, signal, empty, warn }) {
    const audio = toPcm(inputs.audio);
    if (audio.samples.length === 0) {
      empty('no audio');
      return { loudness: noLoudness() };
    }
    const report = await media.measureLoudness(audio, signal);
    if (!Number.isFinite(report.integratedLufs)) {
      warn('The audio has no integrated loudness: none of its blocks of 0.4 s passes the gate of -70 LUFS.');
    }
    const spans = silenceSpans(audio.samples, {
      channels: audio.channels,
      threshold: 10 ** (params.silence_dbfs / 20),
      minFrames: Math.ceil(params.silence_min_sec * audio.sampleRate),
    });
    return { loudness: toArrays(report, audio, spans) };
  },
});

function toPcm(audio: ValueOf<typeof pcm>): Pcm {
  return {
    samples: audio.samples.data,
    sampleRate: audio.sample_rate.data[0]!,
    channels: audio.samples.shape[1]!,
    startSec: audio.start_sec.data[0]!,
  };
}

function toArrays(report: LoudnessReport, { sampleRate, startSec }: Pcm, spans: readonly Span[]): Loudness {
  const fromStart = (seconds: number) => startSec + seconds;
  const hasLoudness = Number.isFinite(report.integratedLufs);
  return {
    integrated_lufs: scalar('float64', finiteOrNaN(report.integratedLufs)),
    lra_lu: scalar('float64', hasLoudness ? finiteOrNaN(report.rangeLu) : Number.NaN),
    true_peak_dbtp: scalar('float64', finiteOrNaN(report.truePeakDbtp)),
    times_sec: vector('float64', report.timesSec.map(fromStart)),
    momentary_lufs: vector('float32', report.momentaryLufs.map(aboveFloorOrNaN)),
    short_term_lufs: vector('float32', report.shortTermLufs.map(aboveFloorOrNaN)),
    silence_start_sec: vector(
      'float64',
      Float64Array.from(spans, ({ start }) => fromStart(start / sampleRate)),
    ),
    silence_end_sec: vector(
      'float64',
      Float64Array.from(spans, ({ end }) => fromStart(end / sampleRate)),
    ),
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
