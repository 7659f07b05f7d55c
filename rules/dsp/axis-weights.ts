/** Along one axis: which pixels of the source each pixel of the result is made of, and with what weights. */
export interface AxisWeights {
  /** Most pixels that one is made of: the length of a row of `weights`. */
  readonly taps: number;
  /** First source pixel of each. */
  readonly firsts: Int32Array;
  /** How many source pixels each is made of; 0 where the source does not reach. */
  readonly counts: Int32Array;
  /** Of shape [count, taps]; those of one pixel sum to 1. */
  readonly weights: Float64Array;
}

/** The source, `length` pixels long, lies on `extent` pixels of the result from its pixel `start` on. */
export interface Axis {
  /** Pixels of the result. */
  readonly count: number;
  readonly start: number;
  readonly extent: number;
  readonly length: number;
}

/**
 * Weights of a triangle over half-pixel centres: linear interpolation where the source grows, and a filter as wide as the
 * result's pixels where it shrinks, against aliasing (Turkowski, "Filters for common resampling tasks", Graphics Gems, 1990).
 */
export function axisWeights({ count, start, extent, length }: Axis): AxisWeights {
  const step = length / extent;
  const radius = Math.max(1, step);
  const taps = Math.min(length, 2 * Math.ceil(radius) + 1);
  const axis = {
    taps,
    firsts: new Int32Array(count),
    counts: new Int32Array(count),
    weights: new Float64Array(count * taps),
  };
  for (let at = 0; at < count; at += 1) {
    const centre = (at + 0.5 - start) * step;
    if (centre >= 0 && centre < length) addTriangle(axis, at, { centre, radius, length });
  }
  return axis;
}

/** Pixels beyond the source's ends do not count: the others weigh more instead. */
function addTriangle(
  { taps, firsts, counts, weights }: AxisWeights,
  at: number,
  { centre, radius, length }: { readonly centre: number; readonly radius: number; readonly length: number },
): void {
  // Pixel p has its centre at p + 0.5: those nearer than `radius` count.
  const first = Math.max(0, Math.floor(centre - radius - 0.5) + 1);
  const end = Math.min(length, Math.ceil(centre + radius - 0.5));
  let sum = 0;
  for (let pixel = first; pixel < end; pixel += 1) sum += radius - Math.abs(pixel + 0.5 - centre);
  firsts[at] = first;
  counts[at] = end - first;
  for (let pixel = first; pixel < end; pixel += 1) {
    weights[at * taps + pixel - first] = (radius - Math.abs(pixel + 0.5 - centre)) / sum;
  }
}
