/** Depth of pictures by a model, and what can be said of each map as a whole. */
import { quantilesOf } from '../../engine/core/array-statistics.ts';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { NdArray } from '../../engine/core/nd-array.ts';
import type { Tensors } from '../../engine/core/tensor.ts';
import { inferInChunks } from './infer-in-chunks.ts';
import { itemsOfOutputs } from './items-of-outputs.ts';
import { modelMisfit } from './model-misfit.ts';
import { onlyInput, type PreparedInput } from './only-input.ts';
import { pictureTensor } from './picture-tensor.ts';
import { picturesBetween } from './pictures-between.ts';
import { type MapSize, resizeMap } from './resize-map.ts';

/** One element a picture; `maps` has height·width each. */
export interface DepthMaps extends MapSize {
  readonly maps: Float32Array;
  readonly mean: Float32Array;
  readonly p05: Float32Array;
  readonly p95: Float32Array;
}

export interface DepthRequest {
  /** uint8, N×height×width×3. */
  readonly rgb: NdArray<'uint8'>;
  /** Longest side of the maps that are kept; pixels. */
  readonly maxSide: number;
  readonly signal: AbortSignal;
}

/**
 * Numbers of a map are of what the model gave; then it is made smaller.
 *
 * @throws {FlowError} `model_io_mismatch` if the model gives no map of fixed size of the whole picture
 */
export async function depthMaps(
  model: BoundModel,
  { rgb, maxSide, signal }: DepthRequest,
): Promise<DepthMaps> {
  const [count = 0] = rgb.shape;
  const { name, picture } = wholePictureInput(model);
  const given = mapSizeOf(model);
  const kept = fitted(given, maxSide);
  const maps = new Float32Array(count * kept.height * kept.width);
  const [mean, p05, p95] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const prepare = (first: number, end: number) => ({
    [name]: pictureTensor(picturesBetween(rgb, { first, end }), picture),
  });
  for await (const { first, end, outputs } of inferInChunks(model, { count, prepare, signal })) {
    for (const [at, map] of readMaps(model, outputs, end - first).entries()) {
      maps.set(resizeMap(map, given, kept), (first + at) * kept.height * kept.width);
      mean[first + at] = map.reduce((sum, value) => sum + value, 0) / map.length;
      [p05[first + at], p95[first + at]] = quantilesOf(map, [0.05, 0.95]) as [number, number]; // One for each share.
    }
  }
  return { ...kept, maps, mean, p05, p95 };
}

/** A map of a part, or of a picture with a rim, would not be a map of the picture. */
function wholePictureInput({ entry }: BoundModel): PreparedInput<'picture'> {
  const prepared = onlyInput(entry, 'picture');
  if (prepared.picture.resize === 'stretch') return prepared;
  throw modelMisfit(entry, {
    reason: `its entry says "resize: ${prepared.picture.resize}", and the map has to be of the whole picture`,
    fix: 'Say "resize: stretch" in its entry.',
  });
}

/** The axes of the first output but the first one, of which all but two are 1. */
function mapSizeOf({ entry }: BoundModel): MapSize {
  const { name, shape } = entry.outputs[0]!; // An entry has at least one output.
  const [height, width, ...others] = shape.slice(1).filter((axis) => axis !== 1);
  if (typeof height === 'number' && typeof width === 'number' && others.length === 0)
    return { height, width };
  throw modelMisfit(entry, {
    reason: `its output "${name}" is [${shape.join(', ')}] by its entry, not one map a picture`,
    fix: 'Give the height and width of the map in its entry, after the axis that counts pictures.',
  });
}

function fitted({ width, height }: MapSize, maxSide: number): MapSize {
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function readMaps({ entry }: BoundModel, outputs: Tensors, count: number): Float32Array[] {
  const shapes = [entry.outputs[0]!.shape.slice(1)];
  return itemsOfOutputs(entry, outputs, { count, shapes }).map(([map]) => map!.data);
}
