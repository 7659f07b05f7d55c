/** The known model after which `flow models add --like` makes an entry. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import type { TensorFacts } from '../../io/inference/fault-of-tensors.ts';
import { chooseModel } from './choose-models.ts';
import type { LoadedCatalog } from './load-catalog.ts';

/** @throws {FlowError} `config_invalid` if the word names no model of the task, or several */
export function likeModel(word: string, task: string, catalog: LoadedCatalog): ModelEntry {
  const { entry } = chooseModel(word, catalog);
  if (entry.task === task) return entry;
  throw unlike(
    `Cannot make a model for ${task} like ${modelName(entry)}: that one is for ${entry.task}.`,
    'Name a model of the same task, or leave it out.',
  );
}

/**
 * The outputs of a file in the order in which the known model's are read; what it has beside them nobody reads.
 *
 * @throws {FlowError} `config_invalid` if one is missing, or of another type or rank
 */
export function outputsLike(like: ModelEntry, found: readonly TensorFacts[]): readonly TensorFacts[] {
  return like.outputs.map((wanted) => {
    const own = found.find(({ name }) => name === wanted.name);
    if (own && isOfKind(own, wanted)) return own;
    const has = own ? kindOf(own) : found.map(({ name }) => `"${name}"`).join(', ');
    throw unlike(
      `Cannot read this file as ${modelName(like)} is read: expected the output "${wanted.name}" to be ${kindOf(wanted)}, found ${has}.`,
      'Name a model with the same outputs, or leave it out and write the decoder into the entry.',
    );
  });
}

function isOfKind(own: TensorFacts, wanted: TensorFacts): boolean {
  const isOpen = own.shape.length === 0; // The file does not say.
  return own.dtype === wanted.dtype && (isOpen || own.shape.length === wanted.shape.length);
}

function kindOf({ dtype, shape }: TensorFacts): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function unlike(message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where: '--like', message, fix });
}
