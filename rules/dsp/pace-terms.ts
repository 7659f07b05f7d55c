/**
 * How much cuts, motion and sound each drive a film, on fixed scales from 0 to 1, so that films can be compared.
 * A term of something unknown is NaN.
 */

export interface WeightedTerm {
  readonly weight: number;
  /** 0 to 1, or NaN. */
  readonly value: number;
}

/** Where a term is at half of its scale: a cut every 4 s; the motion of a walking pan. */
const halfCutsPerMin = 15;
const halfMotion = 0.05;
/** Loudness from which sound counts, and at which it counts most. */
const quietLufs = -40;
const loudLufs = -10;

export function cutsTerm(cutsPerMin: number): number {
  return cutsPerMin / (cutsPerMin + halfCutsPerMin);
}

/** @param motion mean absolute difference of luma to the sample before, 0 to 1 */
export function motionTerm(motion: number): number {
  return motion / (motion + halfMotion);
}

export function soundTerm(lufs: number): number {
  return Math.min(1, Math.max(0, (lufs - quietLufs) / (loudLufs - quietLufs)));
}

/** The weighted mean of those terms that are known; NaN where none is. */
export function meanOfKnown(terms: readonly WeightedTerm[]): number {
  const known = terms.filter(({ value }) => !Number.isNaN(value));
  const total = known.reduce((sum, { weight }) => sum + weight, 0);
  return known.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
}
