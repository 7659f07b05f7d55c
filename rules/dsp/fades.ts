/** Fades: a picture that becomes blank (black or white, or nearly), or comes out of it, step by step. */
import type { Film } from './film.ts';

/** A stretch of samples, both ends included. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
}

export interface Fade extends Stretch {
  readonly type: 'fade_in' | 'fade_out';
  /** Share of the change that is not made in one step, 0 to 1. */
  readonly confidence: number;
  /** The blank stretch that it comes from or ends in. */
  readonly blank: Stretch;
}

/** Standard deviation of luma, and its mean's distance from black or white, up to which a picture is blank; 0 to 1. */
const blankStd = 0.04;
const blankLevel = 0.08;
/** Change of mean luma that counts as going on, and that a whole fade must reach; 0 to 1. */
const leastStep = 0.003;
const leastChange = 0.03;
/** A fade that rests for longer than this has ended; seconds. */
const longestRestSec = 0.26;
/** With more of the change in one step it is a cut to or from blank. */
const largestStepShare = 0.75;

/**
 * Finds fades in order of time: from each blank stretch it follows, backwards and forwards, how far the mean
 * luma departs from black or white, as long as that grows and no hard cut is in the way. Right beside the blank
 * only the size of the step tells a cut from a fade: out of black, every structure is new.
 *
 * Method: after the monochrome frames and monotone changes of Lienhart, "Comparison of automatic shot boundary
 * detection algorithms", SPIE 3656 (1999); mean luma takes the place of its deviation, so that a fade of a flat
 * picture is one too.
 *
 * @param isCut [N] whether a hard cut lies between a sample and the one before
 * @param maxSec longest fade; seconds
 */
export function findFades(
  film: Film,
  { isCut, maxSec }: { readonly isCut: readonly boolean[]; readonly maxSec: number },
): Fade[] {
  const fades: Fade[] = [];
  const stretches = blankStretches(film);
  // One change may lead from black to white: then it is a fade from black, and not one to white as well.
  for (const blank of [...stretches.filter(isBlack), ...stretches.filter((stretch) => !isBlack(stretch))]) {
    for (const direction of [-1, 1] as const) {
      const fade = followFade(film, blank, { direction, isCut, maxSec });
      if (fade && !fades.some((other) => overlaps(fade, other))) fades.push(fade);
    }
  }
  return fades.sort((a, b) => a.first - b.first);

  function isBlack({ first }: Stretch): boolean {
    return film.lumaMean[first]! < 0.5;
  }
}

/** Whether two stretches share more than an end. */
export function overlaps(a: Stretch, b: Stretch): boolean {
  return a.first < b.last && b.first < a.last;
}

/** Stretches of black and of white samples, in order. */
function blankStretches({ lumaMean, lumaStd }: Film): Stretch[] {
  const stretches: Stretch[] = [];
  let colourBefore = 0;
  for (let at = 0; at < lumaMean.length; at += 1) {
    const colour = blankColour(lumaMean[at]!, lumaStd[at]!);
    const open = stretches.at(-1);
    if (colour !== 0 && colour === colourBefore && open)
      stretches[stretches.length - 1] = { ...open, last: at };
    else if (colour !== 0) stretches.push({ first: at, last: at });
    colourBefore = colour;
  }
  return stretches;
}

/** −1 for black, 1 for white, 0 for a picture. */
function blankColour(mean: number, std: number): -1 | 0 | 1 {
  if (std > blankStd) return 0;
  return mean <= blankLevel ? -1 : mean >= 1 - blankLevel ? 1 : 0;
}

function followFade(
  { timesSec, lumaMean }: Film,
  blank: Stretch,
  { direction, isCut, maxSec }: { direction: 1 | -1; isCut: readonly boolean[]; maxSec: number },
): Fade | undefined {
  const level = lumaMean[blank.first]! < 0.5 ? 0 : 1;
  const inner = blankestEnd(lumaMean, blank, { direction, level });
  const start = Math.abs(lumaMean[inner]! - level);
  let outer = inner;
  let reached = start;
  let largest = 0;
  for (let at = inner + direction; at >= 0 && at < timesSec.length; at += direction) {
    const isPast = Math.abs(timesSec[at]! - timesSec[inner]!) > maxSec;
    const hasRested = Math.abs(timesSec[at]! - timesSec[outer]!) > longestRestSec && at !== outer + direction;
    if (isPast || hasRested || (at !== inner + direction && isCut[direction === 1 ? at : at + 1])) break;
    const departure = Math.abs(lumaMean[at]! - level);
    if (departure < reached + leastStep) continue;
    largest = Math.max(largest, departure - reached);
    reached = departure;
    outer = at;
  }
  const change = reached - start;
  if (change < leastChange || largest > largestStepShare * change) return undefined;
  const [first, last] = direction === 1 ? [inner, outer] : [outer, inner];
  return {
    type: direction === 1 ? 'fade_in' : 'fade_out',
    first,
    last,
    confidence: 1 - largest / change,
    blank,
  };
}

/** The sample nearest to one end of a blank stretch that is as blank as any in it. */
function blankestEnd(
  lumaMean: Float32Array,
  { first, last }: Stretch,
  { direction, level }: { direction: 1 | -1; level: number },
): number {
  let least = Infinity;
  for (let at = first; at <= last; at += 1) least = Math.min(least, Math.abs(lumaMean[at]! - level));
  let end = direction === 1 ? last : first;
  while (Math.abs(lumaMean[end]! - level) > least + leastStep) end -= direction;
  return end;
}
