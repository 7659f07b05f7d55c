/** Dissolves: one picture turns into another so that every picture between is a mixture of the two. */
import type { Stretch } from './fades.ts';
import { changedShare, type Film } from './film.ts';
import { thumbnailSize } from './thumbnail.ts';

interface Dissolve extends Stretch {
  /** Of the model below, 0 to 1. */
  readonly confidence: number;
}

/** Thumbnails are compared at about this rate however many there are; samples a second. */
const rate = 12;
const shortestSteps = 3;
/** Root mean square difference of the two ends, 0 to 1, under which nothing has changed. */
const leastChange = 0.06;
/** More alike than this, the two ends are one scene in other light. */
const largestCorrelation = 0.8;
/** Distance from a straight mixture, relative to the change. */
const largestBend = 0.36;
/** Up to this bend the mixture speaks for itself; above, the picture must move less beside it than this share of its change. */
const straightBend = 0.15;
const motionShare = 0.9;
/** Change of a field's colour that counts; grey levels. */
const leastFieldChange = 8;
/** Sum of the histogram distances along a dissolve. A moving pattern can look like a mixture, but keeps its histogram. */
const leastHistogramPath = 0.15;

/**
 * Weights of the logistic model, fitted to 30 composed films of 30 s (58 dissolves of 0.3 to 2 s between moving
 * shots); the bias is then lowered by 1.5, since a dissolve that is missed costs less than one that is not there.
 */
const weights = { bias: -9.5, correlation: -4.96, bend: -11.23, coverage: 15.58 };

/**
 * Finds dissolves in order of time. Of all pairs of samples up to `maxSec` apart it keeps those whose pictures between lie
 * near the straight line from the first to the last, evenly in time; whose ends have little in common; and that
 * change all over the picture, and in their colours. Of pairs that overlap it keeps the surest.
 *
 * Method: the production model of a dissolve (Hampapur, Jain and Weymouth, "Production model based digital video
 * segmentation", Multimedia Tools and Applications 1, 1995), tested on thumbnails without their mean. Of dissolves
 * between shots that move a lot, about half are missed by design: pans and shakes look much the same.
 *
 * @param isBarred whether no dissolve may lie over a stretch: it holds a hard cut or a fade
 */
export function findDissolves(
  film: Film,
  options: {
    readonly threshold: number;
    readonly maxSec: number;
    readonly isBarred: (stretch: Stretch) => boolean;
  },
): Dissolve[] {
  const candidates = dissolveCandidates(film, options).sort(
    (a, b) => b.confidence - a.confidence || a.first - b.first || a.last - b.last,
  );
  const kept: Dissolve[] = [];
  for (const candidate of candidates) {
    if (kept.every(({ first, last }) => candidate.last <= first || last <= candidate.first))
      kept.push(candidate);
  }
  return kept.sort((a, b) => a.first - b.first);
}

function dissolveCandidates(
  film: Film,
  { threshold, maxSec, isBarred }: Parameters<typeof findDissolves>[1],
): Dissolve[] {
  const candidates: Dissolve[] = [];
  const { positions, products, reach } = bandedProducts(film, maxSec);
  for (let start = 0; start + shortestSteps < positions.length; start += 1) {
    const furthest = Math.min(reach, positions.length - 1 - start);
    for (let steps = shortestSteps; steps <= furthest; steps += 1) {
      const stretch = { first: positions[start]!, last: positions[start + steps]! };
      const isShort = film.timesSec[stretch.last]! - film.timesSec[stretch.first]! <= maxSec;
      const shape = isShort ? mixtureShape(products, { start, steps }) : undefined;
      if (!shape || histogramPath(film, stretch) < leastHistogramPath || isBarred(stretch)) continue;
      if (shape.bend > straightBend && isAmidMotion({ positions, products, isBarred }, { start, steps }))
        continue;
      const confidence = confidenceOf({
        ...shape,
        coverage: changedShare(film, stretch, { leastChange: leastFieldChange }),
      });
      if (confidence >= threshold) candidates.push({ ...stretch, confidence });
    }
  }
  return candidates;
}

function histogramPath({ histogramDistance }: Film, { first, last }: Stretch): number {
  let sum = 0;
  for (let at = first + 1; at <= last; at += 1) sum += histogramDistance[at]! || 0; // NaN counts as no change.
  return sum;
}

interface Surroundings {
  readonly positions: readonly number[];
  readonly products: Products;
  readonly isBarred: (stretch: Stretch) => boolean;
}

/** Whether the picture changes about as much in the same time before a stretch or after it as in it. */
function isAmidMotion(around: Surroundings, { start, steps }: { start: number; steps: number }): boolean {
  const end = start + steps;
  const limit = motionShare * motionShare * squaredDistance(around.products, start, end);
  return [-1, 1].some((direction) => {
    const near = direction === 1 ? end : start;
    const reached = stepsUntilBarred(around, { near, direction, most: steps });
    const change = squaredDistance(around.products, near, near + direction * reached);
    return reached > 0 && change * (steps / reached) >= limit;
  });
}

function stepsUntilBarred(
  { positions, isBarred }: Surroundings,
  { near, direction, most }: { near: number; direction: number; most: number },
): number {
  let count = 0;
  while (count < most) {
    const here = positions[near + direction * count]!;
    const next = positions[near + direction * (count + 1)];
    if (next === undefined || isBarred({ first: Math.min(here, next), last: Math.max(here, next) })) break;
    count += 1;
  }
  return count;
}

interface MixtureShape {
  /** Correlation of the two ends, −1 to 1. */
  readonly correlation: number;
  /** Root mean square distance of the pictures between from the even mixture, relative to the change. */
  readonly bend: number;
}

function confidenceOf({ correlation, bend, coverage }: MixtureShape & { coverage: number }): number {
  const logit =
    weights.bias + weights.correlation * correlation + weights.bend * bend + weights.coverage * coverage;
  return 1 / (1 + Math.exp(-logit));
}

type Products = (a: number, b: number) => number;

/**
 * Scalar products of thumbnails without their means, a number each, for all pairs within reach: every distance
 * and mixture below follows from them, so that the thumbnails are read once.
 */
function bandedProducts(
  film: Film,
  maxSec: number,
): { positions: readonly number[]; products: Products; reach: number } {
  const positions = thinned(film);
  const reach = Math.ceil(maxSec * rate * 1.5);
  const means = positions.map((position) => meanOf(film.thumbnails, position));
  const band = new Float64Array(positions.length * (reach + 1));
  for (let a = 0; a < positions.length; a += 1) {
    for (let step = 0; step <= reach && a + step < positions.length; step += 1) {
      const raw = meanProduct(film.thumbnails, positions[a]!, positions[a + step]!);
      band[a * (reach + 1) + step] = raw - means[a]! * means[a + step]!;
    }
  }
  const products: Products = (a, b) => band[Math.min(a, b) * (reach + 1) + Math.abs(a - b)]!;
  return { positions, products, reach };
}

/** Positions of samples at about `rate`. */
function thinned({ timesSec }: Film): number[] {
  const spanSec = (timesSec.at(-1) ?? 0) - (timesSec[0] ?? 0);
  const stride = spanSec > 0 ? Math.max(1, Math.round((timesSec.length - 1) / spanSec / rate)) : 1;
  return Array.from({ length: Math.ceil(timesSec.length / stride) }, (_, index) => index * stride);
}

/** Mean of a thumbnail's elements, 0 to 1. */
function meanOf(thumbnails: Uint8Array, position: number): number {
  const start = position * thumbnailSize;
  let sum = 0;
  for (let at = start; at < start + thumbnailSize; at += 1) sum += thumbnails[at]!;
  return sum / (255 * thumbnailSize);
}

/** Mean of the products of two thumbnails' elements, 0 to 1. */
function meanProduct(thumbnails: Uint8Array, a: number, b: number): number {
  const aStart = a * thumbnailSize;
  const bStart = b * thumbnailSize;
  let sum = 0;
  for (let at = 0; at < thumbnailSize; at += 1) sum += thumbnails[aStart + at]! * thumbnails[bStart + at]!;
  return sum / (255 * 255 * thumbnailSize);
}

/** How a stretch compares with a mixture of its ends; undefined where it is none. */
function mixtureShape(
  of: Products,
  { start, steps }: { start: number; steps: number },
): MixtureShape | undefined {
  const end = start + steps;
  const change = squaredDistance(of, start, end);
  if (change < leastChange * leastChange) return undefined;
  // The small term keeps the correlation of flat pictures near zero.
  const correlation = of(start, end) / Math.sqrt((of(start, start) + 1e-4) * (of(end, end) + 1e-4));
  if (correlation > largestCorrelation) return undefined;
  const bend = Math.sqrt(Math.max(0, mixtureError(of, { start, steps })) / change);
  return bend > largestBend ? undefined : { correlation, bend };
}

function squaredDistance(of: Products, a: number, b: number): number {
  return of(a, a) + of(b, b) - 2 * of(a, b);
}

/** Mean square distance of the pictures inside a stretch from the even mixture of its ends. */
function mixtureError(of: Products, { start, steps }: { start: number; steps: number }): number {
  const end = start + steps;
  let sum = 0;
  for (let step = 1; step < steps; step += 1) {
    const at = start + step;
    const b = step / steps;
    const a = 1 - b;
    const mixture = a * a * of(start, start) + b * b * of(end, end) + 2 * a * b * of(start, end);
    sum += of(at, at) + mixture - 2 * (a * of(start, at) + b * of(at, end));
  }
  return sum / (steps - 1);
}
