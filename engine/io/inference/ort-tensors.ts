/** Tensors as ONNX Runtime has them. */
import type { Tensor, Tensors } from '../../core/tensor.ts';
import { ort } from './quiet-ort.ts';

function toOrt({ dtype, data, shape }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, shape); // Its overloads want one dtype at a time.
}

export function allToOrt(tensors: Tensors): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}

/** Its dtype is whatever the model gives. */
export function fromOrt({ type, data, dims }: ort.OnnxValue): Tensor {
  return { dtype: type, data, shape: dims } as Tensor; // To be held against an entry by whoever called.
}
