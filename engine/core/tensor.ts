/** Tensors as they go to models and come from them. */
import { elementCount } from './nd-array.ts';

export interface TensorData {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type TensorDtype = keyof TensorData;

export interface Tensor<D extends TensorDtype = TensorDtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** The elements in C order. */
  readonly data: TensorData[D];
}

/** By the names that the model gives its inputs and outputs. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** @throws {RangeError} if the count of elements does not fit the shape */
export function tensor<D extends TensorDtype>(
  dtype: D,
  data: TensorData[D],
  shape: readonly number[],
): Tensor<D> {
  const count = elementCount(shape);
  if (count !== data.length)
    throw new RangeError(`a tensor of shape [${shape.join(', ')}] has ${count} elements, not ${data.length}`);
  return { dtype, shape, data };
}

/** The memory of tensors that another thread can be given; what is shared stays where it is. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  const buffers = Object.values(tensors).map(({ data }) => data.buffer);
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}

/**
 * Gives back the memory of tensors that nobody reads any more. The garbage collector would do so too, but only once 64 MiB
 * have come together, and looks through all that the thread holds for it.
 *
 * @param tensors the caller's own, and alone in their buffers
 */
export function release(tensors: Tensors): void {
  for (const buffer of buffersOf(tensors)) buffer.transfer(0);
}
