import { intersectionOverUnion } from '../../../engine/core/box.ts';
import type { Detection } from './detection.ts';

/**
 * Greedy non-maximum suppression, for each class by itself: of two detections that overlap more than `iou` the surer one
 * stays; of equal ones the first.
 *
 * @returns the surest first
 */
export function nms<D extends Pick<Detection, 'box' | 'score' | 'classId'>>(
  found: readonly D[],
  iou: number,
): D[] {
  const kept: D[] = [];
  for (const one of found.toSorted((a, b) => b.score - a.score)) {
    const isCovered = kept.some(
      (other) => other.classId === one.classId && intersectionOverUnion(other.box, one.box) > iou,
    );
    if (!isCovered) kept.push(one);
  }
  return kept;
}
