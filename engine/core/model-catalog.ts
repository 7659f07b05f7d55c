/** The models that there are entries for. */
import { type ModelEntry, modelName } from './model-entry.ts';
import { suggestion } from './nearest.ts';

export interface CatalogModel {
  /** With the digests that the lock has for its files. */
  readonly entry: ModelEntry;
  /** The entry's document, and the folder that it lies in. */
  readonly file: string;
  readonly folder: string;
}

export interface ModelCatalog {
  readonly all: readonly CatalogModel[];
  find(model: Pick<ModelEntry, 'name' | 'version'>): CatalogModel | undefined;
}

/** What to write instead of a model that there is no entry for. @param task that it has to be for; any where undefined */
export function likelyModel(
  catalog: ModelCatalog,
  wanted: Pick<ModelEntry, 'name' | 'version'>,
  task: string | undefined,
): string {
  const fitting = catalog.all.filter(({ entry }) => task === undefined || entry.task === task);
  return likelyName(
    modelName(wanted),
    fitting.map(({ entry }) => modelName(entry)),
  );
}

/** What to write instead of a `name:version` that is not among the names: the versions that there are, if the name is right. */
export function likelyName(wanted: string, names: readonly string[]): string {
  const stem = wanted.slice(0, wanted.indexOf(':') + 1);
  const versions = names.filter((name) => name.startsWith(stem));
  if (versions.length === 0) return suggestion(wanted, names);
  return versions.length === 1 ? `Write "${versions[0]}".` : `Use one of: ${versions.join(', ')}.`;
}
