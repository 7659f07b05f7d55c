import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { Tensor, Tensors } from '../../engine/core/tensor.ts';
import { modelMisfit } from './model-misfit.ts';

/**
 * One of a model's outputs, as numbers.
 *
 * @throws {FlowError} `model_io_mismatch` if the model did not give it as float32
 */
export function floatOutput(entry: BoundModel['entry'], outputs: Tensors, name: string): Tensor<'float32'> {
  const output = outputs[name];
  if (output?.dtype === 'float32') return output as Tensor<'float32'>; // As its dtype says.
  throw modelMisfit(entry, {
    reason: `its output "${name}" is ${output?.dtype ?? 'missing'}, not float32`,
    fix: 'Use a model that gives float32.',
  });
}
