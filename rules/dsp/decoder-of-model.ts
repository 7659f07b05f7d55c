import type { z } from 'zod';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { modelMisfit } from './model-misfit.ts';

/**
 * The decoder that the entry of a model names, with its params read: how the outputs of the model are to be understood.
 *
 * @param decoders those that there are for the task, by name
 * @throws {FlowError} `model_io_mismatch` if there is no such decoder, or it takes other params
 */
export function decoderOfModel<D extends { readonly params: z.ZodObject }>(
  { entry }: Pick<BoundModel, 'entry'>,
  decoders: ReadonlyMap<string, D>,
): { readonly decoder: D; readonly params: z.output<D['params']> } {
  const { name, params = {} } = entry.decoder ?? {};
  const decoder = name === undefined ? undefined : decoders.get(name);
  if (!decoder) {
    throw modelMisfit(entry, {
      reason: name === undefined ? 'its entry names no decoder' : `there is no decoder "${name}" for it`,
      fix: `Name one of these under "decoder" in the entry: ${[...decoders.keys()].join(', ')}.`,
    });
  }
  const read = decoder.params.safeParse(params);
  if (read.success) return { decoder, params: read.data as z.output<D['params']> }; // By the very schema of `D`.
  const { path, message } = read.error.issues[0]!;
  throw modelMisfit(entry, {
    reason: `"${['decoder', 'params', ...path].join('.')}" in its entry does not fit the decoder "${name}": ${message}`,
    fix: `Correct it. The decoder takes: ${Object.keys(decoder.params.shape).join(', ')}.`,
  });
}
