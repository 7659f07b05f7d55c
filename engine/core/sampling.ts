/** How many frames a component looks at. */
import type { Sampling } from './rule.ts';

/** A component's budget, as its profile gives it. */
export interface SamplingBudget {
  readonly fps: number | 'keyframes';
  /** Most frames of one video. */
  readonly maxFrames: number;
  readonly width: number;
  readonly height: number;
}

const ladderTop = 64;
const ladderBottom = 1 / 64;

/**
 * The rate for a film of a given length: the budget's own, or the highest power of two below it that keeps the
 * film within `maxFrames`. Fixed rungs, so that ten more seconds do not shift every sample.
 *
 * @param durationSec length of the film; NaN where nothing says it, which leaves the budget's own rate
 */
export function resolveSampling(budget: SamplingBudget, durationSec: number): Sampling {
  const { fps, maxFrames, width, height } = budget;
  if (fps === 'keyframes' || !(fps * durationSec > maxFrames)) return { fps, width, height };
  let rung = ladderTop;
  while (rung > ladderBottom && (rung >= fps || rung * durationSec > maxFrames)) rung /= 2;
  return { fps: rung, width, height };
}
