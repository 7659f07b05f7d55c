import { z } from 'zod';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { array, type NdArray } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { detectInFrames, type FoundInFrames } from '../dsp/detectors/detect-in-frames.ts';
import { faceDecoders } from '../dsp/detectors/detector-of-model.ts';
import { rowsOf } from '../dsp/detectors/rows-of.ts';
import { meshDecoders, meshOfFaces, meshPointCount } from '../dsp/face-mesh.ts';
import type { Pictures } from '../dsp/picture-tensor.ts';
import { picturesBetween } from '../dsp/pictures-between.ts';
import { faces, frames } from '../kinds.ts';

/**
 * Finds faces in the sampled frames, and their landmarks.
 *
 * Landmarks are those of the mesh model in its slot; without one, those that the detector gives. How outputs are read
 * the models' entries say (`decoder`).
 */
export const coreFaceLandmarks = defineRule({
  name: 'visual/core-face-landmarks',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
  },
  models: {
    detector: { task: 'face-detection', decoders: faceDecoders },
    mesh: { task: 'face-landmarks', decoders: meshDecoders, takes: 'picture', isOptional: true },
  },
  outputs: { faces },
  resources: { memoryMiB: 384 }, // Two batches of 16 pictures as 3×640×640 float32, and the frames.

  async run({ inputs, models: { detector, mesh }, signal, empty }) {
    const found = await detectInFrames(detector, { frames: inputs.frames, signal });
    if (inputs.frames.times_sec.data.length === 0) empty('no frames');
    else if (found.detections.length === 0) empty('no faces');
    const landmarks = mesh
      ? await landmarksOfMesh(mesh, found, { pictures: allPictures(inputs.frames.rgb), signal })
      : landmarksOfDetector(found);
    return { faces: { ...rowsOf(found, inputs.frames), landmarks } };
  },
});

async function landmarksOfMesh(
  mesh: BoundModel,
  { frames: frameOf, detections }: FoundInFrames,
  { pictures, signal }: { readonly pictures: Pictures; readonly signal: AbortSignal },
): Promise<NdArray<'float32'>> {
  const found = detections.map(({ box }, at) => ({ picture: frameOf[at]!, box }));
  const landmarks = await meshOfFaces(mesh, { pictures, faces: found, signal });
  return array('float32', landmarks, [found.length, meshPointCount(mesh), 2]);
}

function allPictures(rgb: NdArray<'uint8'>): Pictures {
  return picturesBetween(rgb, { first: 0, end: rgb.shape[0]! });
}

function landmarksOfDetector({ detections, landmarkCount }: FoundInFrames): NdArray<'float32'> {
  const landmarks = Float32Array.from(detections.flatMap((one) => one.landmarks));
  return array('float32', landmarks, [detections.length, landmarkCount, 2]);
}
