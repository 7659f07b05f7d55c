/** Landmarks of faces by a model that looks at a crop around each. */

import { z } from 'zod';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { Box } from '../../engine/core/box.ts';
import type { PictureSpec } from '../../engine/core/model-entry.ts';
import type { Tensors } from '../../engine/core/tensor.ts';
import { decoderOfModel } from './decoder-of-model.ts';
import { inferInChunks } from './infer-in-chunks.ts';
import { itemsOfOutputs } from './items-of-outputs.ts';
import { modelMisfit } from './model-misfit.ts';
import { onlyInput } from './only-input.ts';
import {
  cropTensor,
  type Pictures,
  type Placement,
  placementOfRegion,
  toFractions,
} from './picture-tensor.ts';

/** A face in one of several pictures. */
export interface FaceInPicture {
  readonly picture: number;
  /** Fractions of the picture. */
  readonly box: Box;
}

/** Points as (x, y, z) in pixels of the input, then the logit of a face's presence (Kartynnik and others, arXiv 1907.06724, 2019). */
const faceMesh = {
  params: z.strictObject({
    crop_scale: z.number().positive().describe('side of the square crop, in longer sides of the box'),
    presence_threshold: z.number().describe('logit at or below which the crop shows no face'),
  }),
};

/** By the names that entries use. */
export const meshDecoders = new Map([['face-mesh', faceMesh]]);

/** Points that the model gives; its entry fixes them. @throws {FlowError} `model_io_mismatch` if it does not */
export function meshPointCount({ entry }: BoundModel): number {
  const { name, shape } = entry.outputs[0]!; // An entry has at least one output.
  const numbers = shape.slice(1).reduce<number>((product, axis) => product * Number(axis), 1);
  if (numbers % 3 === 0) return numbers / 3;
  throw modelMisfit(entry, {
    reason: `its output "${name}" is [${shape.join(', ')}] by its entry, not three numbers a point`,
    fix: 'Correct its outputs in its entry.',
  });
}

/**
 * The landmarks of each face.
 *
 * @returns float32 faces×P×2, x and y in fractions of the picture; NaN where the model sees no face
 * @throws {FlowError} `model_io_mismatch` if entry, decoder and outputs do not fit
 */
export async function meshOfFaces(
  model: BoundModel,
  { pictures, faces, signal }: { pictures: Pictures; faces: readonly FaceInPicture[]; signal: AbortSignal },
): Promise<Float32Array> {
  const { name, picture: spec } = onlyInput(model.entry, 'picture');
  const { params } = decoderOfModel(model, meshDecoders);
  const points = meshPointCount(model);
  const crops = faces.map(({ picture, box }) => ({
    picture,
    placement: placementOfFace(box, { pictures, spec, scale: params.crop_scale }),
  }));
  const landmarks = new Float32Array(faces.length * points * 2).fill(Number.NaN);
  const prepare = (first: number, end: number) => ({
    [name]: cropTensor(pictures, crops.slice(first, end), spec),
  });
  const items = { count: faces.length, prepare, signal };
  for await (const { first, end, outputs } of inferInChunks(model, items)) {
    for (const [at, { mesh, presence }] of readMeshes(model, outputs, end - first).entries()) {
      if (presence <= params.presence_threshold) continue;
      landmarks.set(inPicture(mesh, crops[first + at]!.placement), (first + at) * points * 2);
    }
  }
  return landmarks;
}

interface Crop {
  readonly pictures: Pictures;
  readonly spec: PictureSpec;
  /** Its side, in longer sides of the box. */
  readonly scale: number;
}

/** A square around the middle of the box. */
function placementOfFace([x1, y1, x2, y2]: Box, { pictures, spec, scale }: Crop): Placement {
  const { width, height } = pictures;
  const side = scale * Math.max((x2 - x1) * width, (y2 - y1) * height);
  const left = ((x1 + x2) * width - side) / 2;
  const top = ((y1 + y2) * height - side) / 2;
  return placementOfRegion(pictures, { left, top, width: side, height: side }, spec);
}

function readMeshes(
  { entry }: BoundModel,
  outputs: Tensors,
  count: number,
): { readonly mesh: Float32Array; readonly presence: number }[] {
  const [points, presence] = entry.outputs;
  const shapes = [points!.shape.slice(1), presence?.shape.slice(1) ?? [1]]; // An entry has at least one output.
  return itemsOfOutputs(entry, outputs, { count, shapes }).map(([mesh, logit]) => ({
    mesh: mesh!.data,
    presence: logit!.data[0]!,
  }));
}

function inPicture(mesh: Float32Array, placement: Placement): Float32Array {
  const flat = new Float32Array((mesh.length / 3) * 2);
  for (let from = 0, to = 0; from < mesh.length; from += 3, to += 2) {
    flat.set(toFractions(placement, mesh[from]!, mesh[from + 1]!), to);
  }
  return flat;
}
