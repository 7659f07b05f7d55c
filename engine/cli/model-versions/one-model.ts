import { FlowError } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { chooseModels } from '../models/choose-models.ts';
import type { LoadedCatalog } from '../models/load-catalog.ts';

/** @param word `NAME:VERSION`, or `NAME` of a model with one version @throws {FlowError} `config_invalid` */
export function oneModel(word: string, catalog: LoadedCatalog): CatalogModel {
  const [model, ...others] = chooseModels([word], catalog);
  if (others.length === 0) return model!; // `chooseModels` gives one at least.
  const names = [model!, ...others].map(({ entry }) => modelName(entry));
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot tell which "${word}" is meant: it has ${names.length} versions.`,
    fix: `Write one of: ${names.join(', ')}.`,
  });
}
