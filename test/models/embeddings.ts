/** Embeddings of several items, and how alike they are. */
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { tensor } from '../../engine/core/tensor.ts';
import { joined, numbersOf } from './joined.ts';

export async function embeddingsOf(
  model: BoundModel,
  input: string,
  items: readonly Float32Array[],
): Promise<number[][]> {
  const shape = model.entry.inputs[0]!.shape.slice(1).map(Number);
  const { embedding } = await model.infer({
    [input]: tensor('float32', joined(items), [items.length, ...shape]),
  });
  const [count, size] = embedding!.shape as readonly [number, number]; // As the entry says.
  const all = numbersOf(embedding);
  return Array.from({ length: count }, (_, item) => all.slice(item * size, (item + 1) * size));
}

export function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, one, at) => sum + one * b[at]!, 0); // Their length is 1.
}
