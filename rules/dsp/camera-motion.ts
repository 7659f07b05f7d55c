/** The motion of a whole picture, as a camera that turns, rolls or zooms makes it. */
import { quantilesOf } from '../../engine/core/array-statistics.ts';
import type { FlowVectors } from './flow-vectors.ts';

/** From one frame to the next; each NaN where too little of the picture can be followed. */
export interface CameraMotion {
  /** To the right, at the centre; pixels. */
  readonly pan: number;
  /** Down, at the centre; pixels. */
  readonly tilt: number;
  /** Growth around the centre, as a share of the size. */
  readonly zoom: number;
  /** Clockwise; rad. */
  readonly roll: number;
  /** Median distance of the vectors from this motion; pixels. */
  readonly residual: number;
}

/** Vectors that are trusted less cannot be followed. */
const leastWeight = 0.1;
/** Of the picture's vectors, how many must be followed, and how many at least. */
const leastShare = 0.02;
const leastCount = 16;
/** Reweighting is at rest long before, where most of the picture moves as one. */
const rounds = 8;
/** A vector this many standard deviations off counts for nothing: 95 % efficiency for normal errors. */
const cutoff = 4.685;
/** No flow is known better than this; pixels. */
const leastDeviation = 0.02;
/** Median of the distance of a point from the origin, both coordinates normal with standard deviation 1. */
const rayleighMedian = Math.sqrt(2 * Math.LN2);

/**
 * Fits a similarity to the vectors, such that things which move by themselves do not count.
 *
 * Method: iteratively reweighted least squares with Tukey's biweight (Holland and Welsch, "Robust regression using
 * iteratively reweighted least-squares", Communications in Statistics A6, 1977); the deviation is taken from the median
 * distance. With a position p = x + iy and a vector f = u + iv as complex numbers, the similarity is f = c + s·p: c is
 * pan and tilt, and 1 + s is growth times rotation. For small motions u = pan + zoom·x − roll·y, v = tilt +
 * zoom·y + roll·x.
 */
export function cameraMotion(all: FlowVectors): CameraMotion {
  const vectors = followed(all);
  const count = vectors.x.length;
  if (count < Math.max(leastCount, leastShare * all.x.length)) return unknownMotion;
  const weights = Float64Array.from(vectors.weight);
  const distances = new Float64Array(count);
  let fit = leastSquares(vectors, weights);
  for (let round = 0; round < rounds; round += 1) {
    const middle = medianDistance(vectors, fit, distances);
    const limit = cutoff * Math.max(leastDeviation, middle / rayleighMedian);
    for (let at = 0; at < count; at += 1) {
      weights[at] = vectors.weight[at]! * biweight(distances[at]! / limit);
    }
    fit = leastSquares(vectors, weights);
  }
  return {
    pan: fit.cRe,
    tilt: fit.cIm,
    zoom: Math.sqrt((1 + fit.sRe) ** 2 + fit.sIm ** 2) - 1,
    roll: Math.atan2(fit.sIm, 1 + fit.sRe),
    residual: medianDistance(vectors, fit, distances),
  };
}

const unknownMotion: CameraMotion = {
  pan: Number.NaN,
  tilt: Number.NaN,
  zoom: Number.NaN,
  roll: Number.NaN,
  residual: Number.NaN,
};

/** f = c + s·p. */
interface Similarity {
  readonly cRe: number;
  readonly cIm: number;
  readonly sRe: number;
  readonly sIm: number;
}

function followed({ x, y, u, v, weight }: FlowVectors): FlowVectors {
  const isFollowed = (_: number, at: number) => weight[at]! >= leastWeight;
  return {
    x: x.filter(isFollowed),
    y: y.filter(isFollowed),
    u: u.filter(isFollowed),
    v: v.filter(isFollowed),
    weight: weight.filter(isFollowed),
  };
}

/** Linear regression of complex numbers: s = Σ w·conj(p − p̄)·(f − f̄) / Σ w·|p − p̄|², c = f̄ − s·p̄. */
function leastSquares({ x, y, u, v }: FlowVectors, weights: Float64Array): Similarity {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [meanX, meanY] = [weightedMean(x, weights, total), weightedMean(y, weights, total)];
  const [meanU, meanV] = [weightedMean(u, weights, total), weightedMean(v, weights, total)];
  let [re, im, spread] = [0, 0, 0];
  for (let at = 0; at < x.length; at += 1) {
    const [dx, dy, du, dv] = [x[at]! - meanX, y[at]! - meanY, u[at]! - meanU, v[at]! - meanV];
    re += weights[at]! * (dx * du + dy * dv);
    im += weights[at]! * (dx * dv - dy * du);
    spread += weights[at]! * (dx * dx + dy * dy);
  }
  const [sRe, sIm] = spread > 0 ? [re / spread, im / spread] : [0, 0];
  return { cRe: meanU - (sRe * meanX - sIm * meanY), cIm: meanV - (sRe * meanY + sIm * meanX), sRe, sIm };
}

function weightedMean(values: Float64Array, weights: Float64Array, total: number): number {
  return values.reduce((sum, value, at) => sum + weights[at]! * value, 0) / total;
}

/** @param distances overwritten with the distance of each vector from what the similarity says */
function medianDistance({ x, y, u, v }: FlowVectors, fit: Similarity, distances: Float64Array): number {
  for (let at = 0; at < distances.length; at += 1) {
    const offU = u[at]! - (fit.cRe + fit.sRe * x[at]! - fit.sIm * y[at]!);
    const offV = v[at]! - (fit.cIm + fit.sRe * y[at]! + fit.sIm * x[at]!);
    distances[at] = Math.sqrt(offU * offU + offV * offV);
  }
  const [middle = Number.NaN] = quantilesOf(distances, [0.5]);
  return middle;
}

function biweight(share: number): number {
  return share < 1 ? (1 - share * share) ** 2 : 0;
}
