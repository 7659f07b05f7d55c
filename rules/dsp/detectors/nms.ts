import type { Box, Detection } from './detection.ts';

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

/** 0 (apart) to 1 (equal); 0 for boxes without area. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

function area([x1, y1, x2, y2]: Box): number {
  return (x2 - x1) * (y2 - y1);
}
