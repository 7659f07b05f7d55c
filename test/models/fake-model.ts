/** A model that answers what a test says, for rules. */
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { modelEntrySchema } from '../../engine/core/model-entry.ts';
import type { Tensors } from '../../engine/core/tensor.ts';

/** @param entry what it has besides a name, a version, a licence and a source */
export function fakeModel(
  entry: Readonly<Record<string, unknown>>,
  infer: (tensors: Tensors) => Tensors,
): BoundModel {
  const parsed = modelEntrySchema.parse({
    schema_version: 1,
    name: 'fake',
    version: '1',
    licence: 'MIT',
    source: 'this test',
    files: [{ name: 'fake.onnx' }],
    ...entry,
  });
  return { entry: parsed, classes: parsed.classes ?? [], infer: async (tensors) => infer(tensors) };
}
