/** Holds the inputs or outputs of a model, as it declares them itself, against its entry. */
import type { ModelTensor } from '../../core/model-entry.ts';

/** As a model file or a server has it. */
export interface TensorFacts {
  readonly name: string;
  readonly dtype: string;
  /** A name or -1 stands for any length. */
  readonly shape: readonly (number | string)[];
}

/** @returns what is wrong first, as a part of a sentence: which tensor, expected, found */
export function faultOfTensors(
  kind: 'input' | 'output',
  expected: readonly ModelTensor[],
  found: readonly TensorFacts[],
): string | undefined {
  const names = found.map(({ name }) => `"${name}"`).join(', ');
  for (const spec of expected) {
    const own = found.find(({ name }) => name === spec.name);
    if (!own)
      return `its entry has the ${kind} "${spec.name}", the model has ${names === '' ? 'none' : names}`;
    const fault = faultOfTensor(spec, own);
    if (fault !== undefined) return `its ${kind} "${spec.name}" is ${fault}`;
  }
  const unknown = kind === 'input' && found.find(({ name }) => !expected.some((spec) => spec.name === name));
  return unknown ? `the model has the input "${unknown.name}", of which its entry says nothing` : undefined;
}

function faultOfTensor({ dtype, shape }: ModelTensor, found: TensorFacts): string | undefined {
  const wanted = `${dtype} [${shape.join(', ')}]`;
  const is = `${found.dtype} [${found.shape.join(', ')}], and ${wanted} by its entry`;
  if (found.dtype !== dtype) return is;
  if (found.shape.length === 0 && shape.length > 0) return undefined; // The model does not say.
  if (found.shape.length !== shape.length) return is;
  return shape.every((axis, index) => fits(axis, found.shape[index]!)) ? undefined : is;
}

/** An entry may fix what the model leaves open; not the other way round. */
function fits(axis: number | string, found: number | string): boolean {
  if (typeof found === 'string' || found < 0) return true;
  return axis === found;
}
