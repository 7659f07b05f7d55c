/** How far what two models find in frames agrees. */
import { type Box, intersectionOverUnion } from './box.ts';

/** Something found. */
export interface FoundBox {
  readonly frame: number;
  readonly classId: number;
  readonly box: Box;
}

export interface BoxAgreement {
  readonly expected: number;
  readonly found: number;
  /** Share of what is expected that is found: 0 to 1; NaN where nothing is expected. */
  readonly recall: number;
  /** Share of what is found that is expected: 0 to 1; NaN where nothing is found. */
  readonly precision: number;
  /** Of the pairs; NaN without any. */
  readonly meanIou: number;
}

/** Two boxes of one frame and class are a pair if they share at least half of what they cover together. */
const leastIou = 0.5;

/** Pairs what is found with what is expected, the most alike first, and each at most once. */
export function boxAgreement(expected: readonly FoundBox[], found: readonly FoundBox[]): BoxAgreement {
  const candidates = expected
    .flatMap((a) => found.filter((b) => isSameKind(a, b)).map((b) => ({ a, b, iou: iouOf(a, b) })))
    .filter(({ iou }) => iou >= leastIou)
    .sort((one, other) => other.iou - one.iou);
  const taken = new Set<FoundBox>();
  const pairs = candidates.filter(({ a, b }) => {
    if (taken.has(a) || taken.has(b)) return false;
    taken.add(a).add(b);
    return true;
  });
  return {
    expected: expected.length,
    found: found.length,
    recall: pairs.length / expected.length,
    precision: pairs.length / found.length,
    meanIou: pairs.reduce((sum, { iou }) => sum + iou, 0) / pairs.length,
  };
}

function isSameKind(a: FoundBox, b: FoundBox): boolean {
  return a.frame === b.frame && a.classId === b.classId;
}

function iouOf(a: FoundBox, b: FoundBox): number {
  return intersectionOverUnion(a.box, b.box);
}
