import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { Tensor, Tensors } from '../../engine/core/tensor.ts';
import { floatOutput } from './float-output.ts';
import { modelMisfit } from './model-misfit.ts';

/** Axes of one item of an output; a name stands for any length, the same wherever it is repeated. */
export type ItemShape = readonly (number | string)[];

/** One item of one output. */
export interface ItemOutput {
  /** In C order. */
  readonly data: Float32Array;
  /** Without the axis that counts items. */
  readonly shape: readonly number[];
}

export interface ExpectedBatch {
  /** Items in it. */
  readonly count: number;
  /** Outputs of one item, in the order of the model's entry. */
  readonly shapes: readonly ItemShape[];
}

/**
 * Outputs of a batch, item by item.
 *
 * @returns [item][output]
 * @throws {FlowError} `model_io_mismatch` if an output is missing or of another shape
 */
export function itemsOfOutputs(
  entry: BoundModel['entry'],
  outputs: Tensors,
  { count, shapes }: ExpectedBatch,
): ItemOutput[][] {
  const lengths = new Map<string, number>();
  const found = shapes.map((shape, index) =>
    outputAt(entry, outputs, { index, shape: [count, ...shape], lengths }),
  );
  return Array.from({ length: count }, (_, item) => found.map((output) => itemOf(output, item)));
}

interface ExpectedOutput {
  readonly index: number;
  readonly shape: ItemShape;
  /** Of the axes with names that have been seen; added to. */
  readonly lengths: Map<string, number>;
}

function outputAt(
  entry: BoundModel['entry'],
  outputs: Tensors,
  { index, shape, lengths }: ExpectedOutput,
): Tensor<'float32'> {
  const name = entry.outputs[index]?.name;
  const reader = entry.decoder ? `its decoder "${entry.decoder.name}"` : 'its task';
  if (name === undefined) {
    throw modelMisfit(entry, {
      reason: `${reader} expects [${shape.join(', ')}] as output ${index + 1}, and its entry has ${entry.outputs.length}`,
      fix: 'List its outputs in the order that is expected, or name another decoder.',
    });
  }
  const output = floatOutput(entry, outputs, name);
  if (!fits(output.shape, shape, lengths)) {
    throw modelMisfit(entry, {
      reason: `${reader} expects its output "${name}" to be [${shape.join(', ')}], and it is [${output.shape.join(', ')}]`,
      fix: 'Name another decoder in its entry, or correct its outputs, its classes or the size of its input there.',
    });
  }
  return output;
}

function fits(found: readonly number[], expected: ItemShape, lengths: Map<string, number>): boolean {
  if (found.length !== expected.length) return false;
  return found.every((length, at) => {
    const axis = expected[at]!;
    if (typeof axis === 'number') return length === axis;
    if (!lengths.has(axis)) lengths.set(axis, length);
    return lengths.get(axis) === length;
  });
}

function itemOf({ data, shape: [count = 0, ...shape] }: Tensor<'float32'>, item: number): ItemOutput {
  const size = data.length / count;
  return { data: data.subarray(item * size, (item + 1) * size), shape };
}
