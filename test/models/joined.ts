import type { Tensor } from '../../engine/core/tensor.ts';

/** Arrays one after the other. */
export function joined(items: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(items.length * items[0]!.length);
  items.forEach((item, at) => {
    all.set(item, at * item.length);
  });
  return all;
}

/** The elements of an output of type float32. */
export function numbersOf(output: Tensor | undefined): number[] {
  return Array.from(output!.data as Float32Array); // As its entry says.
}
