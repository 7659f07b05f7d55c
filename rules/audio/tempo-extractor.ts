import assert from 'node:assert/strict';
import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { trackBeats } from '../dsp/beat-tracker.ts';
import { type OnsetCurve, onsetPeaks, onsetStrength } from '../dsp/onset-strength.ts';
import { estimateTempo, type TempoEstimate } from '../dsp/tempo-estimate.ts';
import { pulseNear, type Tempogram, tempogram } from '../dsp/tempogram.ts';
import { pcm, tempo } from '../kinds.ts';

/** Shorter sounds have too few beats to tell a tempo from chance. */
const shortestSec = 2;
/** Below the strength of any onset that can be heard: noise of dither, ripple of a steady tone. */
const weakestOnset = 1e-3;

const paramsSchema = z.strictObject({
  min_bpm: z.number().min(30).max(120).default(40).describe('slowest tempo looked for; beats a minute'),
  max_bpm: z.number().min(120).max(300).default(240).describe('fastest tempo looked for; beats a minute'),
  prior_bpm: z.number().min(30).max(300).default(120).describe('most likely tempo; beats a minute'),
  prior_octaves: z
    .number()
    .positive()
    .default(1)
    .describe('standard deviation of the prior; octaves. Larger: trusts the sound more than habit'),
  window_sec: z
    .number()
    .min(4)
    .max(60)
    .default(8)
    .describe('length of sound in which the tempo is taken as steady; seconds'),
  tightness: z
    .number()
    .positive()
    .default(100)
    .describe('how strictly beats keep the tempo, against lying on onsets; no unit'),
  min_pulse: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('pulse at the tempo from which a window has beats, 0 to 1; no unit'),
});

type TempoParams = z.output<typeof paramsSchema>;

/**
 * Finds the tempo of the music in a video, and its beats.
 *
 * Onset strength (SuperFlux on mel bands), a tempogram of windows of some seconds (autocorrelation times Fourier
 * transform), a log-normal prior, then beats by dynamic programming: the sources are with the functions in
 * `rules/dsp/`.
 *
 * There is one tempo for the whole sound: the mean of windows, each weighed by how clearly it pulses, so that
 * music beside speech and silence decides. Of music that changes its tempo, the clearer part wins. Beats are given
 * only where the sound pulses at that tempo, to half a window: a few sparse bangs can look like a pulse.
 *
 * A plain click track is heard as it is between `min_bpm` and `max_bpm`. Outside, a multiple inside the limits or
 * nothing is found, with confidence near 0. Music may be heard at half or twice the tempo that a person would
 * tap: the candidates tell.
 *
 * The sound is asked for at 16 kHz in mono, as speech models take it, so that both share one decoding; above 8 kHz
 * there are no onsets that are not below as well.
 */
export const tempoExtractor = defineRule({
  name: 'audio/tempo-extractor',
  version: '1',
  scope: 'whole',
  params: paramsSchema,
  inputs: { audio: input(pcm, { request: () => ({ sample_rate: 16_000, channels: 1 }) }) },
  outputs: { tempo },
  run({ inputs, params, empty }) {
    const { samples, sample_rate, start_sec } = inputs.audio;
    assert.ok(samples.shape[1]! <= 1, 'sound was asked for in mono');
    const result = analyseTempo(samples.data, sample_rate.data[0]!, params);
    if (typeof result === 'string') {
      empty(result);
      return { tempo: noTempo() };
    }
    return { tempo: toArrays(result, start_sec.data[0]!) };
  },
});

interface TempoAnalysis {
  readonly curve: OnsetCurve;
  readonly estimate: TempoEstimate;
  /** Seconds from the first sample. */
  readonly beatsSec: Float64Array;
}

/** The analysis, or the reason why there is none. */
function analyseTempo(
  samples: Float32Array,
  sampleRate: number,
  params: TempoParams,
): TempoAnalysis | string {
  if (samples.length === 0) return 'no audio';
  if (samples.length < shortestSec * sampleRate) return `audio is shorter than ${shortestSec} s`;
  const curve = onsetStrength(samples, sampleRate);
  const peaks = onsetPeaks(curve);
  if (peaks.every((peak) => peak < weakestOnset)) return 'no onsets in the audio';
  const gram = tempogram(peaks, tempogramOptions(curve.rateHz, params));
  const prior = { bpm: params.prior_bpm, octaves: params.prior_octaves };
  const estimate = estimateTempo(gram, { prior, maxBpm: params.max_bpm, rateHz: curve.rateHz });
  if (estimate === undefined) return 'no pulse in the audio';
  const period = (60 * curve.rateHz) / estimate.bpm;
  const beats = trackBeats(peaks, { period, tightness: params.tightness });
  const beatsSec = beats.map((frame) => frame / curve.rateHz);
  return { curve, estimate, beatsSec: beatsSec.filter(hasPulse(gram, estimate.bpm, params.min_pulse)) };
}

function tempogramOptions(rateHz: number, { min_bpm, max_bpm, window_sec }: TempoParams) {
  // Twice as fast as wanted, for the divisions of the fastest beats.
  return { rateHz, windowSec: window_sec, hopSec: window_sec / 4, minBpm: min_bpm, maxBpm: 2 * max_bpm };
}

/** Whether the sound pulses at the tempo around a time: else its beats would be put anywhere in speech. */
function hasPulse(gram: Tempogram, bpm: number, minPulse: number): (timeSec: number) => boolean {
  return (timeSec) => pulseNear(gram, { timeSec, bpm }) >= minPulse;
}

function toArrays({ curve, estimate, beatsSec }: TempoAnalysis, startSec: number): ValueOf<typeof tempo> {
  const { strength, rateHz } = curve;
  const onsetTimes = new Float64Array(strength.length).map((_, frame) => startSec + frame / rateHz);
  return {
    tempo_bpm: scalar('float64', estimate.bpm),
    confidence: scalar('float64', estimate.confidence),
    beats_sec: vector(
      'float64',
      beatsSec.map((time) => startSec + time),
    ),
    onset_strength: vector('float32', strength),
    onset_times_sec: vector('float64', onsetTimes),
    candidates_bpm: vector(
      'float64',
      estimate.candidates.map(({ bpm }) => bpm),
    ),
    candidate_strengths: vector(
      'float32',
      estimate.candidates.map(({ strength: value }) => value),
    ),
  };
}

function noTempo(): ValueOf<typeof tempo> {
  return {
    tempo_bpm: scalar('float64', Number.NaN),
    confidence: scalar('float64', 0),
    beats_sec: vector('float64', []),
    onset_strength: vector('float32', []),
    onset_times_sec: vector('float64', []),
    candidates_bpm: vector('float64', []),
    candidate_strengths: vector('float32', []),
  };
}
