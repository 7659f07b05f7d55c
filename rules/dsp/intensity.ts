/**
 * How much happens in a film over time.
 *
 * After the arousal curve of Hanjalic and Xu, "Affective video content representation and modeling" (IEEE Transactions on
 * Multimedia 7, 2005): motion, density of cuts and energy of sound count alike. Their terms are scaled to the film at
 * hand; here they have the fixed scales of `pace-terms.ts`, so that films can be compared.
 */
import { meanBetween } from './mean-between.ts';
import { cutsTerm, meanOfKnown, motionTerm, soundTerm } from './pace-terms.ts';

export interface IntensityInput {
  /** Middles of windows; seconds, rising. */
  readonly timesSec: ArrayLike<number>;
  /** In each window. */
  readonly cutsPerMin: ArrayLike<number>;
  /** In each window, 0 to 1; NaN where none was measured. */
  readonly motion: ArrayLike<number>;
  /** Seconds, rising; none for a film without sound. */
  readonly loudnessTimesSec: ArrayLike<number>;
  /** Loudness over some seconds, LUFS; NaN for silence. */
  readonly loudnessLufs: ArrayLike<number>;
  /** Length of the windows; seconds. */
  readonly windowSec: number;
}

/** @returns a number for each window, 0 to 1: the mean of those of motion, cuts and sound that are known */
export function intensityCurve(film: IntensityInput): Float32Array {
  return Float32Array.from(film.timesSec, (middle, at) => {
    const window = { from: middle - film.windowSec / 2, to: middle + film.windowSec / 2 };
    const lufs = meanBetween(film.loudnessTimesSec, film.loudnessLufs, window);
    return meanOfKnown([
      { weight: 1, value: cutsTerm(film.cutsPerMin[at]!) },
      { weight: 1, value: motionTerm(film.motion[at]!) },
      { weight: 1, value: soundTerm(lufs) },
    ]);
  });
}
