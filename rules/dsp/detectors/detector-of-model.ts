/** Reads what a detector gives, whichever it is. */

import type { BoundModel } from '../../../engine/core/bound-model.ts';
import type { Box } from '../../../engine/core/box.ts';
import type { PictureSpec } from '../../../engine/core/model-entry.ts';
import type { Tensors } from '../../../engine/core/tensor.ts';
import { decoderOfModel } from '../decoder-of-model.ts';
import { itemsOfOutputs } from '../items-of-outputs.ts';
import { type Placement, toFractions } from '../picture-tensor.ts';
import type { Detection } from './detection.ts';
import type { DetectorDecoder } from './detector-decoder.ts';
import { fastestdet } from './fastestdet.ts';
import { motionRegions } from './motion-regions.ts';
import { nms } from './nms.ts';
import { ultraface } from './ultraface.ts';
import { yolox } from './yolox.ts';
import { yunet } from './yunet.ts';

type Decoders = ReadonlyMap<string, DetectorDecoder>;

/** Of nets that are trained on things of any kind, faces too. By the names that entries use, as all of these. */
const trainedDecoders = new Map<string, DetectorDecoder>([
  ['yolox', yolox],
  ['fastestdet', fastestdet],
]);

export const objectDecoders: Decoders = new Map([...trainedDecoders, ['motion-regions', motionRegions]]);

export const faceDecoders: Decoders = new Map<string, DetectorDecoder>([
  ['yunet', yunet],
  ['ultraface', ultraface],
  ...trainedDecoders,
]);

/** A slot has seen to it that the decoder is one for its task. */
const allDecoders: Decoders = new Map([...objectDecoders, ...faceDecoders]);

export interface Detector {
  /** Points that each detection has. */
  readonly landmarkCount: number;
  /**
   * What was found in each picture of a batch; the surest first.
   *
   * @throws {FlowError} `model_io_mismatch` if the outputs do not fit the decoder
   */
  read(outputs: Tensors, batch: { readonly count: number; readonly placement: Placement }): Detection[][];
}

/** @throws {FlowError} `model_io_mismatch` if the entry names no known decoder, or gives it other params */
export function detectorOfModel(model: BoundModel, input: PictureSpec): Detector {
  const { entry, classes } = model;
  const { decoder, params } = decoderOfModel(model, allDecoders);
  const shapes = decoder.outputs(input, classes.length === 0 ? 'classes' : classes.length);
  // A decoder without this param gives one detection a thing.
  const iou = typeof params.nms_iou === 'number' ? params.nms_iou : 1;
  return {
    landmarkCount: decoder.landmarkCount,
    read: (outputs, { count, placement }) =>
      itemsOfOutputs(entry, outputs, { count, shapes }).map((item) =>
        nms(decoder.decode(item, input, params), iou).flatMap((found) => inPicture(found, placement)),
      ),
  };
}

/** In fractions of the picture; nothing for what lies outside it. */
function inPicture({ box, landmarks, ...rest }: Detection, placement: Placement): Detection[] {
  const [x1, y1, x2, y2] = [
    ...toFractions(placement, box[0], box[1]),
    ...toFractions(placement, box[2], box[3]),
  ].map((side) => Math.min(1, Math.max(0, side))) as unknown as Box; // Four go in, four come out.
  if (x1 >= x2 || y1 >= y2) return [];
  return [{ ...rest, box: [x1, y1, x2, y2], landmarks: pointsInPicture(landmarks, placement) }];
}

function pointsInPicture(points: readonly number[], placement: Placement): number[] {
  return points.flatMap((x, at) => (at % 2 === 0 ? toFractions(placement, x, points[at + 1]!) : []));
}
