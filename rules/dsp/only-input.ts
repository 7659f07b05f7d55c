/** The input of a model that takes one thing. */
import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { ModelInput } from '../../engine/core/model-entry.ts';
import { modelMisfit } from './model-misfit.ts';

type Preparation = 'picture' | 'sound';

export type PreparedInput<P extends Preparation> = ModelInput & {
  readonly [K in P]: NonNullable<ModelInput[K]>;
};

/**
 * The one input of a model, with how pictures or sound become its tensor.
 *
 * @throws {FlowError} `model_io_mismatch` if the entry has several inputs, or does not say how
 */
export function onlyInput<P extends Preparation>(
  entry: BoundModel['entry'],
  preparation: P,
): PreparedInput<P> {
  const [input, ...others] = entry.inputs;
  if (others.length === 0) return preparedInput(entry, input!, preparation); // An entry has at least one input.
  throw modelMisfit(entry, {
    reason: `it has ${entry.inputs.length} inputs, not 1`,
    fix: 'Use a model with one input.',
  });
}

/**
 * An input, if its entry says how pictures or sound become its tensor.
 *
 * @throws {FlowError} `model_io_mismatch` if it does not
 */
export function preparedInput<P extends Preparation>(
  entry: BoundModel['entry'],
  input: ModelInput,
  preparation: P,
): PreparedInput<P> {
  if (input[preparation]) return input as PreparedInput<P>; // What was just seen to be there.
  throw modelMisfit(entry, {
    reason: `the entry of its input "${input.name}" has no "${preparation}"`,
    fix: `Say under "${preparation}" how the tensor is made.`,
  });
}
