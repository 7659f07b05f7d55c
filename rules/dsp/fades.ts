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
/** Lead over an even fade, as share of its change, from which its end is a bend before the path's end. */
const leastKnee = 0.2;
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
function overlaps(a: Stretch, b: Stretch): boolean {
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

/** A sample, and how far its mean luma is from black or white, 0 to 1. */
interface Step {
  readonly at: number;
  readonly departure: number;
}

interface Course {
  readonly direction: 1 | -1;
  /** Mean luma of the blank: 0 or 1. */
  readonly level: number;
  readonly isCut: readonly boolean[];
  readonly maxSec: number;
}

function followFade(
  film: Film,
  blank: Stretch,
  { direction, ...rest }: Pick<Course, 'direction' | 'isCut' | 'maxSec'>,
): Fade | undefined {
  const level = film.lumaMean[blank.first]! < 0.5 ? 0 : 1;
  const inner = blankestEnd(film.lumaMean, blank, { direction, level });
  const path = untilKnee(film, growingPath(film, inner, { direction, level, ...rest }));
  const outer = path.at(-1)!;
  const change = outer.departure - path[0]!.departure;
  const largest = Math.max(
    0,
    ...path.slice(1).map(({ departure }, index) => departure - path[index]!.departure),
  );
  if (change < leastChange || largest > largestStepShare * change) return undefined;
  const [first, last] = direction === 1 ? [inner, outer.at] : [outer.at, inner];
  return {
    type: direction === 1 ? 'fade_in' : 'fade_out',
    first,
    last,
    confidence: 1 - largest / change,
    blank,
  };
}

/** The samples from `inner` on that are each less blank than all before. */
function growingPath({ timesSec, lumaMean }: Film, inner: number, course: Course): Step[] {
  const { direction, level, isCut, maxSec } = course;
  const path: Step[] = [{ at: inner, departure: Math.abs(lumaMean[inner]! - level) }];
  for (let at = inner + direction; at >= 0 && at < timesSec.length; at += direction) {
    const outer = path.at(-1)!;
    const isPast = Math.abs(timesSec[at]! - timesSec[inner]!) > maxSec;
    const restSec = Math.abs(timesSec[at - direction]! - timesSec[outer.at]!);
    const isBesideBlank = at === inner + direction;
    if (isPast || restSec > longestRestSec || (!isBesideBlank && isCut[direction === 1 ? at : at + 1])) break;
    const departure = Math.abs(lumaMean[at]! - level);
    if (departure >= outer.departure + leastStep) path.push({ at, departure });
  }
  return path;
}

/** Leaves out what follows a fade: slower change of light or picture, after the path's sharpest bend. */
function untilKnee({ timesSec }: Film, path: readonly Step[]): readonly Step[] {
  const start = path[0]!;
  const end = path.at(-1)!;
  const lead = ({ at, departure }: Step): number =>
    (departure - start.departure) / (end.departure - start.departure) -
    (timesSec[at]! - timesSec[start.at]!) / (timesSec[end.at]! - timesSec[start.at]!);
  let knee = path.length - 1;
  let largest = leastKnee;
  for (const [index, step] of path.entries()) {
    if (lead(step) <= largest) continue; // Of a path of one sample it is NaN, and that is kept whole.
    largest = lead(step);
    knee = index;
  }
  return path.slice(0, knee + 1);
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
