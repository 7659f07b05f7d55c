/** Hard cuts: a frame unlike the one before, where neither motion nor a flash nor lasting unrest explains that. */
import { changedShare, type Film, samplesWithin, thumbnailDistance } from './film.ts';

/** Neighbours this near say how much the picture changes anyway; seconds. */
const contextSec = 0.38;
/** A picture that is back within this time was never gone: a flash; seconds. */
const flashSec = 0.3;
/** Below this distance of thumbnails nothing is looked at further: no cut that a viewer sees is so small. */
const leastDistance = 0.015;
/** A cut changes most of the picture; text that appears does not. Share of the thumbnail, and grey levels. */
const leastCoverage = 0.25;
const leastFieldChange = 4;
/** Keeps the logarithms finite, and makes noise small against it irrelevant. */
const softening = 0.01;

/**
 * Weights of the logistic model, fitted by penalised maximum likelihood to 30 composed films of 30 s (134 hard
 * cuts; pans, zooms, shaking, flashes, changing light, noise, dissolves) at 8, 12 and 24 samples a second.
 */
const weights = {
  bias: -3.47,
  unexplained: 5.45,
  histogram: 1.15,
  bridged: 0.89,
  overLouderSide: 4.83,
  overQuieterSide: 1.52,
  bridgedShare: 4.28,
};

/**
 * How surely a hard cut lies between each sample and the one before.
 *
 * A logistic model of: the share that motion does not explain; the chi-square distance of the histograms; the
 * distance of thumbnails, over that of the neighbouring pairs on either side (the sliding window of Yeo and Liu, "Rapid scene
 * analysis on compressed video", IEEE Trans. Circuits Syst. Video Technol. 5, 1995); and the smallest distance
 * between any sample shortly before and any shortly after, which a flash leaves small.
 *
 * @returns [N] 0 to 1: the model's probability; 0 for the first sample, and where little of the picture changes
 */
export function hardCutConfidence(film: Film): Float32Array {
  const count = film.timesSec.length;
  const steps = Float32Array.from({ length: count }, (_, at) =>
    at === 0 ? 0 : thumbnailDistance(film, at - 1, at),
  );
  return Float32Array.from({ length: count }, (_, at) =>
    mayBeCut(film, steps, at) ? confidenceAt(film, steps, at) : 0,
  );
}

function mayBeCut(film: Film, steps: Float32Array, at: number): boolean {
  if (steps[at]! < leastDistance || Number.isNaN(film.unexplained[at]!)) return false;
  const pair = { first: at - 1, last: at };
  return changedShare(film, pair, { leastChange: leastFieldChange }) >= leastCoverage;
}

function confidenceAt(film: Film, steps: Float32Array, at: number): number {
  const step = steps[at]!;
  const before = largestStep(film, steps, { at, direction: -1 });
  const after = largestStep(film, steps, { at, direction: 1 });
  const bridged = bridgedDistance(film, at);
  const logit =
    weights.bias +
    weights.unexplained * film.unexplained[at]! +
    weights.histogram * Math.log(film.histogramDistance[at]! + softening) +
    weights.bridged * Math.log(bridged + softening) +
    weights.overLouderSide * logRatio(step, Math.max(before, after)) +
    weights.overQuieterSide * logRatio(step, Math.min(before, after)) +
    weights.bridgedShare * logRatio(bridged, step);
  return 1 / (1 + Math.exp(-logit));
}

function logRatio(a: number, b: number): number {
  return Math.log((a + softening) / (b + softening));
}

/** Largest change between neighbours on one side of a pair, that pair left out. */
function largestStep(
  film: Film,
  steps: Float32Array,
  { at, direction }: { at: number; direction: 1 | -1 },
): number {
  const count = samplesWithin(film, at, { direction, reachSec: contextSec, atLeast: 2 });
  let largest = 0;
  for (let k = 1; k <= count; k += 1) largest = Math.max(largest, steps[at + direction * k]!);
  return largest;
}

/** Smallest distance between a sample up to `flashSec` before the pair's first and one as far after its second. */
function bridgedDistance(film: Film, at: number): number {
  const back = samplesWithin(film, at - 1, { direction: -1, reachSec: flashSec, atLeast: 1 });
  const ahead = samplesWithin(film, at, { direction: 1, reachSec: flashSec, atLeast: 1 });
  let smallest = Infinity;
  for (let from = at - 1 - back; from < at; from += 1) {
    for (let to = at; to <= at + ahead; to += 1) {
      smallest = Math.min(smallest, thumbnailDistance(film, from, to));
    }
  }
  return smallest;
}

/**
 * Picks the cuts: samples of at least `threshold`, and of those nearer than `minShotSec` the surest.
 *
 * @param confidence [N] as `hardCutConfidence` gives it
 * @returns positions of the first samples of the new shots, rising
 */
export function pickHardCuts(
  film: Film,
  confidence: Float32Array,
  { threshold, minShotSec }: { readonly threshold: number; readonly minShotSec: number },
): number[] {
  const picked: number[] = [];
  for (let at = 0; at < confidence.length; at += 1) {
    if (confidence[at]! < threshold) continue;
    const last = picked.at(-1);
    const isApart = last === undefined || film.timesSec[at]! - film.timesSec[last]! >= minShotSec;
    if (isApart) picked.push(at);
    else if (confidence[at]! > confidence[last]!) picked[picked.length - 1] = at;
  }
  return picked;
}
