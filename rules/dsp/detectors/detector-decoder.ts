/** How the outputs of one family of detectors are read. Boxes and landmarks are in pixels of the model's input. */
import { z } from 'zod';
import type { PictureSpec } from '../../../engine/core/model-entry.ts';
import type { ItemOutput, ItemShape } from '../items-of-outputs.ts';
import type { Detection } from './detection.ts';

export interface DetectorDecoder<S extends z.ZodObject = z.ZodObject> {
  readonly params: S;
  /** Points that each detection has. */
  readonly landmarkCount: number;
  /** The outputs of one item, in the order of the model's entry. `classes` is their number, or a name if that is open. */
  outputs(input: PictureSpec, classes: number | string): readonly ItemShape[];
  /** Everything that is sure enough, before overlapping ones are taken out. */
  decode(item: readonly ItemOutput[], input: PictureSpec, params: z.output<S>): Detection[];
}

/** Keeps the type of the params within the decoder. */
export function detectorDecoder<S extends z.ZodObject>(decoder: DetectorDecoder<S>): DetectorDecoder<S> {
  return decoder;
}

/** What detectors take that give many boxes for one thing. */
export const thresholds = z.strictObject({
  score_threshold: z.number().min(0).max(1).describe('least score of a detection'),
  nms_iou: z.number().min(0).max(1).describe('overlap above which the surer of two of one class stays'),
});
