import type { BoundModel } from '../../engine/core/bound-model.ts';
import { FlowError } from '../../engine/core/errors.ts';
import { modelName } from '../../engine/core/model-entry.ts';

/** The error for a model that is not what its task needs. @param reason why, after a colon, without a full stop */
export function modelMisfit(
  entry: BoundModel['entry'],
  { reason, fix }: { readonly reason: string; readonly fix: string },
): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    message: `Cannot use the model ${modelName(entry)} for ${entry.task}: ${reason}.`,
    where: modelName(entry),
    fix,
  });
}
