/** Holds what a rule gives a model against its entry, before it waits for a device. */
import type { ModelEntry, ModelInput } from '../../core/model-entry.ts';
import type { Tensor, Tensors } from '../../core/tensor.ts';

/** @returns what is wrong first, as a part of a sentence */
export function faultOfFeeds({ inputs }: Pick<ModelEntry, 'inputs'>, feeds: Tensors): string | undefined {
  const unknown = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) return `it has no input "${unknown}"`;
  const counts = new Set<number | undefined>();
  for (const input of inputs) {
    const given = feeds[input.name];
    if (!given) return `its input "${input.name}" is missing`;
    if (!fits(input, given))
      return `its input "${input.name}" is ${input.dtype} [${input.shape.join(', ')}], and ${given.dtype} [${given.shape.join(', ')}] was given`;
    counts.add(given.shape[0]);
  }
  if (counts.size > 1) return `its inputs hold different numbers of items: ${[...counts].join(', ')}`;
  return counts.has(0) ? 'there is nothing to run it on: no items' : undefined;
}

/** The first axis counts items, however many the model takes at once. */
function fits({ dtype, shape }: ModelInput, given: Tensor): boolean {
  if (given.dtype !== dtype || given.shape.length !== shape.length || shape.length === 0) return false;
  return shape.every((axis, index) => index === 0 || typeof axis === 'string' || axis === given.shape[index]);
}
