/** Numbers of a broken model reach no artifact: its outputs are looked through where they arrive, whoever ran it. */
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import type { Tensor, Tensors } from '../../core/tensor.ts';
import { notFinite } from './inference-errors.ts';

/** @throws {FlowError} `output_invalid` if one holds NaN or infinity */
export function checkFinite(entry: Pick<ModelEntry, 'name' | 'version'>, outputs: Tensors): void {
  for (const [name, tensor] of Object.entries(outputs))
    if (!holdsNumbers(tensor)) throw notFinite(modelName(entry), name);
}

function holdsNumbers({ dtype, data }: Tensor): boolean {
  if (dtype !== 'float32' && dtype !== 'float64') return true;
  const numbers = data as Float32Array; // Or Float64Array, which is read in the same way.
  return hasFiniteSum(numbers) || numbers.every(Number.isFinite); // Finite numbers may have a sum that is too large.
}

/** Four sums, since each addition waits for the one before. */
function hasFiniteSum(values: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const even = values.length - (values.length % 4);
  for (let at = 0; at < even; at += 4) {
    a += values[at]!;
    b += values[at + 1]!;
    c += values[at + 2]!;
    d += values[at + 3]!;
  }
  for (let at = even; at < values.length; at += 1) a += values[at]!;
  return Number.isFinite(a + b + c + d);
}
