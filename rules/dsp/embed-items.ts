import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { ModelTensor } from '../../engine/core/model-entry.ts';
import { array, type NdArray } from '../../engine/core/nd-array.ts';
import { floatOutput } from './float-output.ts';
import { type Items, inferInChunks } from './infer-in-chunks.ts';

/**
 * Runs an embedding model over items, and brings each embedding to length 1 (L2).
 *
 * The embedding is the model's first output; whatever axes follow the first one are one row, so that a classifier's
 * logits serve as well.
 *
 * @returns float32 count×D. Without items D is what the model's entry says, or 0 where that leaves it open
 * @throws {FlowError} `model_io_mismatch` if the output is not float32; and what the model throws
 */
export async function embedItems(model: BoundModel, items: Items): Promise<NdArray<'float32'>> {
  const output = model.entry.outputs[0]!; // An entry has at least one.
  if (items.count === 0) return array('float32', new Float32Array(0), [0, declaredLength(output)]);
  let rows = new Float32Array(0);
  for await (const { first, end, outputs } of inferInChunks(model, items)) {
    const { data } = floatOutput(model.entry, outputs, output.name);
    const length = data.length / (end - first);
    if (first === 0) rows = new Float32Array(items.count * length);
    for (let item = first; item < end; item += 1) {
      const from = (item - first) * length;
      rows.set(unitVector(data.subarray(from, from + length)), item * length);
    }
  }
  return array('float32', rows, [items.count, rows.length / items.count]);
}

function declaredLength({ shape }: ModelTensor): number {
  return shape.slice(1).reduce<number>((product, axis) => (typeof axis === 'number' ? product * axis : 0), 1);
}

/** A vector brought to length 1 (L2). Zeros stay as they are: they have no direction. */
export function unitVector(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = squares === 0 ? 1 : Math.sqrt(squares);
  return vector.map((value) => value / length);
}
