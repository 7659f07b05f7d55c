/**
 * How fast a film feels: cuts, motion and sound in a window that slides over it.
 *
 * After Adams, Dorai and Venkatesh, "Toward automatic extraction of expressive elements from motion pictures: tempo"
 * (IEEE Transactions on Multimedia 4, 2002), who add up normalised shot lengths and motion. Here every term is on a
 * fixed scale of its own instead of the film's mean and deviation, so that films can be compared and an appended minute
 * leaves the earlier ones as they were.
 */
import { meanBetween } from './mean-between.ts';
import { cutsTerm, meanOfKnown, motionTerm, soundTerm } from './pace-terms.ts';

export interface PacingInput {
  /** Where shots begin, but for the first; seconds, rising. */
  readonly changesSec: readonly number[];
  /** Times of the samples of `motion`; seconds, rising. */
  readonly motionTimesSec: ArrayLike<number>;
  /** Mean absolute difference of luma to the sample before, 0 to 1; NaN where there is none. */
  readonly motion: ArrayLike<number>;
  /** Times of the samples of `loudnessLufs`; seconds, rising. */
  readonly loudnessTimesSec: ArrayLike<number>;
  /** Momentary loudness, LUFS; NaN for silence. */
  readonly loudnessLufs: ArrayLike<number>;
  readonly startSec: number;
  readonly endSec: number;
}

export interface PacingWindow {
  readonly windowSec: number;
  readonly stepSec: number;
}

export interface PacingCurve {
  /** Middles of the windows; seconds. */
  readonly timesSec: Float64Array;
  /** Changes of shot a minute. */
  readonly cutsPerMin: Float32Array;
  /** Mean motion in the window, 0 to 1; NaN where none was measured. */
  readonly motionEnergy: Float32Array;
  /** 0 (still) to 1. */
  readonly pacing: Float32Array;
}

const weights = { cuts: 0.5, motion: 0.35, sound: 0.15 } as const;

/** Windows at the film's ends are cut off there, and rates refer to what is left of them. */
export function pacingCurve(film: PacingInput, { windowSec, stepSec }: PacingWindow): PacingCurve {
  const count = Math.max(1, Math.ceil((film.endSec - film.startSec) / stepSec));
  const curve: PacingCurve = {
    timesSec: new Float64Array(count),
    cutsPerMin: new Float32Array(count),
    motionEnergy: new Float32Array(count),
    pacing: new Float32Array(count),
  };
  for (let index = 0; index < count; index += 1) {
    const middle = Math.min(film.startSec + (index + 0.5) * stepSec, film.endSec);
    const from = Math.max(film.startSec, middle - windowSec / 2);
    const to = Math.min(film.endSec, middle + windowSec / 2);
    const cuts = film.changesSec.filter((timeSec) => timeSec >= from && timeSec < to).length;
    curve.timesSec[index] = middle;
    curve.cutsPerMin[index] = to > from ? (cuts * 60) / (to - from) : 0;
    curve.motionEnergy[index] = meanBetween(film.motionTimesSec, film.motion, { from, to });
    const lufs = meanBetween(film.loudnessTimesSec, film.loudnessLufs, { from, to });
    curve.pacing[index] = meanOfKnown([
      { weight: weights.cuts, value: cutsTerm(curve.cutsPerMin[index]!) },
      { weight: weights.motion, value: motionTerm(curve.motionEnergy[index]!) },
      { weight: weights.sound, value: soundTerm(lufs) },
    ]);
  }
  return curve;
}

/** Mean, median and coefficient of variation (standard deviation over mean) of shot lengths; NaN without shots. */
export function shotLengthStatistics(lengthsSec: readonly number[]): {
  mean: number;
  median: number;
  variation: number;
} {
  const count = lengthsSec.length;
  if (count === 0) return { mean: Number.NaN, median: Number.NaN, variation: Number.NaN };
  const mean = lengthsSec.reduce((sum, length) => sum + length, 0) / count;
  const variance = lengthsSec.reduce((sum, length) => sum + (length - mean) ** 2, 0) / count;
  const sorted = [...lengthsSec].sort((a, b) => a - b);
  const median = (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2;
  return { mean, median, variation: Math.sqrt(variance) / mean };
}
