import type { Tensor } from '../../engine/core/tensor.ts';

/** The items of a tensor of float32, one array each. */
export function itemsOf(tensor: Tensor | undefined): Float32Array[] {
  if (tensor?.dtype !== 'float32') throw new Error(`a tensor of ${tensor?.dtype}, not float32`);
  const { data, shape } = tensor as Tensor<'float32'>; // As its dtype says.
  const size = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, item) => data.subarray(item * size, (item + 1) * size));
}
