import { parabolicPeak } from './parabolic-peak.ts';
import { stepsPerOctave, type Tempogram } from './tempogram.ts';

/** What tempi people hear: log-normal, in octaves around a middle. */
export interface TempoPrior {
  /** Most likely tempo; beats a minute. */
  readonly bpm: number;
  /** Standard deviation; octaves, above 0. */
  readonly octaves: number;
}

export interface TempoCandidate {
  readonly bpm: number;
  /** What the candidates are ranked by: mean pulse with its metre, times the prior; 0 to 1. */
  readonly strength: number;
}

export interface TempoEstimate {
  readonly bpm: number;
  /** Mean pulse at that tempo alone; 0 to 1. */
  readonly confidence: number;
  /** At most five, strongest first; the first is `bpm`. */
  readonly candidates: readonly TempoCandidate[];
}

export interface TempoOptions {
  readonly prior: TempoPrior;
  /** No candidate is faster. The tempogram should reach twice as far, to know what divides the fastest beats. */
  readonly maxBpm: number;
  /** Frames of the envelope a second. */
  readonly rateHz: number;
}

const mostCandidates = 5;
/** Weight of the pulses that divide or group a tempo. From 1/2, plain clicks are taken for divisions. */
const metreWeight = 1 / 4;
/** Weight of three to a beat against two. At 1, dotted rhythms win; at 0, a jig is heard with beats of two. */
const tripleWeight = 2 / 3;
const peakReach = 3;
const tripleSteps = Math.round(Math.log2(3) * stepsPerOctave);

/**
 * The tempo that a sound pulses at, of those that people would tap to.
 *
 * Prior: log-normal, after Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36
 * (2007). Metre: a beat is likelier where its halves or thirds, and pairs of it, pulse too (simplified from
 * Klapuri et al., "Analysis of the meter of acoustic musical signals", IEEE TASLP 14, 2006). Both decide only
 * between tempi that all are there, such as quarters and eighths of one beat.
 *
 * @returns undefined where nothing pulses at all
 */
export function estimateTempo(gram: Tempogram, options: TempoOptions): TempoEstimate | undefined {
  const count = gram.bpm.findLastIndex((bpm) => bpm <= options.maxBpm) + 1;
  const strengths = new Float64Array(count).map(
    (_, index) => metricalPulse(gram.meanPulse, index) * likelihood(gram.bpm[index]!, options.prior),
  );
  const peaks = pulsePeaks(gram.meanPulse.subarray(0, count))
    .sort((a, b) => strengths[b]! - strengths[a]!)
    .slice(0, mostCandidates);
  const candidates = peaks.map((peak) => ({
    bpm: clamp(refinedBpm(gram, peak, options.rateHz), gram.bpm[0]!, options.maxBpm),
    strength: strengths[peak]!,
  }));
  const best = candidates[0];
  return best && { bpm: best.bpm, confidence: gram.meanPulse[peaks[0]!]!, candidates };
}

/** 0 to 1, which is all levels at full strength. */
function metricalPulse(pulse: Float64Array, index: number): number {
  const halves = pulse[index + stepsPerOctave] ?? 0;
  const thirds = pulse[index + tripleSteps] ?? 0;
  const pairs = pulse[index - stepsPerOctave] ?? 0;
  const metre = Math.max(halves, tripleWeight * thirds) + pairs;
  return (pulse[index]! + metreWeight * metre) / (1 + 2 * metreWeight);
}

function likelihood(bpm: number, prior: TempoPrior): number {
  return Math.exp(-((Math.log2(bpm / prior.bpm) / prior.octaves) ** 2) / 2);
}

/** Every element above 0 that is the highest for 3.5 % of tempo on either side. */
function pulsePeaks(pulse: Float64Array): number[] {
  return [...pulse.keys()].filter((index) => {
    const near = pulse.subarray(Math.max(0, index - peakReach), index + peakReach + 1);
    return pulse[index]! > 0 && near.every((value) => value <= pulse[index]!);
  });
}

/**
 * Sharpens a tempo by the autocorrelation's peaks near one, two, four … periods: an error of a part of a frame
 * in the peak counts half, a quarter … in the period.
 */
function refinedBpm(gram: Tempogram, peak: number, rateHz: number): number {
  const bpm = gram.bpm[0]! * 2 ** (parabolicPeak(gram.meanPulse, peak) / stepsPerOctave);
  let period = (60 * rateHz) / bpm;
  for (let periods = 1; periods * period < gram.autocorrelation.length - 3; periods *= 2) {
    const top = peakNear(gram.autocorrelation, Math.round(periods * period));
    if (top === undefined) break;
    period = top / periods;
  }
  return (60 * rateHz) / period;
}

/** The peak at a lag or beside it, if there is one: farther away is another rhythm. */
function peakNear(values: Float64Array, lag: number): number | undefined {
  const isPeak = (at: number) => values[at]! >= values[at - 1]! && values[at]! >= values[at + 1]!;
  const top = [lag, lag - 1, lag + 1].find(isPeak);
  return top === undefined ? undefined : parabolicPeak(values, top);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
