/** Runs a detector over the frames of a segment. */
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import type { ValueOf } from '../../../engine/core/kind.ts';
import type { Tensors } from '../../../engine/core/tensor.ts';
import type { frames as framesKind } from '../../kinds.ts';
import { FramePairs } from '../frame-pairs.ts';
import { inferInChunks } from '../infer-in-chunks.ts';
import { type PreparedInput, preparedInput } from '../only-input.ts';
import { type Pictures, pictureTensor, placementOf } from '../picture-tensor.ts';
import { picturesBetween } from '../pictures-between.ts';
import type { Detection } from './detection.ts';
import { detectorOfModel } from './detector-of-model.ts';

type Frames = ValueOf<typeof framesKind>;

export interface FoundInFrames {
  /** Of each detection, the frame's position in the segment; in the order of the frames. */
  readonly frames: readonly number[];
  readonly detections: readonly Detection[];
  /** Points that each detection has. */
  readonly landmarkCount: number;
}

export interface Footage {
  readonly frames: Frames;
  /** The frame before the first one, for models that look at two. */
  readonly halo?: Frames | undefined;
  readonly signal: AbortSignal;
}

/** @throws {FlowError} as `detectorOfModel` and its `read` do; and what the model throws */
export async function detectInFrames(
  model: BoundModel,
  { frames, halo, signal }: Footage,
): Promise<FoundInFrames> {
  const input = preparedInput(model.entry, model.entry.inputs[0]!, 'picture'); // An entry has at least one.
  const detector = detectorOfModel(model, input.picture);
  const toTensors = takesPairs(model, input)
    ? pairMaker(model, frames, halo)
    : (pictures: Pictures) => ({ [input.name]: pictureTensor(pictures, input.picture) });
  const [count = 0, height = 0, width = 0] = frames.rgb.shape;
  const prepare = (first: number, end: number) => toTensors(picturesBetween(frames.rgb, { first, end }));
  const found: { frame: number; detection: Detection }[] = [];
  for await (const { first, end, outputs } of inferInChunks(model, { count, prepare, signal })) {
    const placement = placementOf({ width, height }, input.picture);
    for (const [at, detections] of detector.read(outputs, { count: end - first, placement }).entries()) {
      found.push(...detections.map((detection) => ({ frame: first + at, detection })));
    }
  }
  return {
    frames: found.map(({ frame }) => frame),
    detections: found.map(({ detection }) => detection),
    landmarkCount: detector.landmarkCount,
  };
}

/** A frame and the one before it: as two inputs, or as the channels of one. */
function takesPairs({ entry }: BoundModel, { shape, picture }: PreparedInput<'picture'>): boolean {
  return entry.inputs.length === 2 || shape[1] === (picture.colour === 'luma' ? 2 : 6);
}

/**
 * The first frame of all is its own predecessor, and so is one whose predecessor is of another size: nothing moves in it.
 */
function pairMaker(
  { entry }: BoundModel,
  frames: Frames,
  halo: Frames | undefined,
): (pictures: Pictures) => Tensors {
  let pairs: FramePairs | undefined;
  return (pictures) => {
    const isFitting =
      halo?.rgb.shape[0] === 1 && String(halo.rgb.shape.slice(1)) === String(frames.rgb.shape.slice(1));
    pairs ??= new FramePairs(entry, picturesBetween((isFitting ? halo : frames).rgb, { first: 0, end: 1 }));
    return pairs.next(pictures);
  };
}
