import type { Box } from '../../../engine/core/box.ts';

/** A thing found in a picture, in fractions of the picture's width and height. */
export interface Detection {
  /** x1, y1, x2, y2 from 0 to 1. */
  readonly box: Box;
  /** 0 to 1. */
  readonly score: number;
  readonly classId: number;
  /** x and y of one point after the other; outside 0 to 1 where they lie outside the picture. Empty where the model has none. */
  readonly landmarks: readonly number[];
}
