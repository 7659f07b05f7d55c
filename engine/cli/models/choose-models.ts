/** Which models a command is about. */
import { FlowError } from '../../core/errors.ts';
import { type CatalogModel, likelyName } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { suggestion } from '../../core/nearest.ts';
import { fileSaying, isEnabled, type Profile } from '../../core/profile.ts';
import { loadProfile } from '../load-profile.ts';
import type { Workspace } from '../workspace.ts';
import { spotIn } from '../yaml-document.ts';
import type { LoadedCatalog } from './load-catalog.ts';

/**
 * @param words `NAME:VERSION`, or `NAME` for all its versions
 * @throws {FlowError} `config_invalid` if a word names nothing
 */
export function chooseModels(words: readonly string[], catalog: LoadedCatalog): CatalogModel[] {
  const names = new Set(words.flatMap((word) => namesFor(word, catalog)));
  return [...names].map((name) => entryOf(name, catalog));
}

/**
 * @param word `NAME:VERSION`, or `NAME` for the version that was not made from another one
 * @throws {FlowError} `config_invalid` if it names nothing, or several
 */
export function chooseModel(word: string, catalog: LoadedCatalog): CatalogModel {
  const found = chooseModels([word], catalog);
  const meant = found.length === 1 ? found : found.filter(({ entry }) => entry.made_from === undefined);
  if (meant.length === 1) return meant[0]!;
  const names = found.map(({ entry }) => modelName(entry));
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot tell which "${word}" is meant: it has ${names.length} versions.`,
    fix: `Write one of: ${names.join(', ')}.`,
  });
}

function namesFor(word: string, { names }: LoadedCatalog): string[] {
  const found = names.filter((name) => name === word || name.startsWith(`${word}:`));
  if (found.length > 0) return found;
  if (word.includes(':')) throw unknownModel(word, likelyName(word, names));
  const stems = stemsOf(names);
  const begun = stems.filter((name) => name.startsWith(word));
  throw unknownModel(word, begun.length === 1 ? `Write "${begun[0]}".` : suggestion(word, stems));
}

function stemsOf(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.slice(0, name.indexOf(':'))))];
}

function entryOf(name: string, catalog: LoadedCatalog): CatalogModel {
  const at = name.indexOf(':'); // Neither names nor versions have one.
  return catalog.find({ name: name.slice(0, at), version: name.slice(at + 1) })!; // One of the catalog's own names.
}

/**
 * The models that a profile names.
 *
 * @param name undefined for the workspace's own choice
 * @throws {FlowError} `config_invalid`, or an AggregateError of them
 */
export function modelsOfProfile(
  name: string | undefined,
  { workspace, catalog }: { readonly workspace: Workspace; readonly catalog: LoadedCatalog },
): CatalogModel[] {
  return modelsNamedIn(loadProfile(name, workspace).profile, catalog);
}

/** Those that builds with the profile run on this machine. @throws {FlowError} `config_invalid` */
export function modelsNamedIn(profile: Profile, catalog: LoadedCatalog): CatalogModel[] {
  const models = Object.entries(profile.models)
    .filter(([key, { engine }]) => engine !== 'triton' && isEnabled(profile, key.split('.')[0]!)) // A server has its own files.
    .map(([key, { model, version }]) => {
      const found = catalog.find({ name: model, version });
      if (found) return found;
      const wanted = modelName({ name: model, version });
      const path = ['models', key, 'model'];
      const file = fileSaying(profile, path)!; // The row stands in one of the profile's documents.
      throw unknownModel(wanted, likelyName(wanted, catalog.names), spotIn({ file, path }));
    });
  return [...new Set(models)];
}

function unknownModel(
  name: string,
  fix: string,
  spot: Partial<Pick<FlowError, 'where' | 'excerpt'>> = {},
): FlowError {
  const message = `Cannot find the model "${name}": no entry has this name.`;
  return new FlowError({ code: 'config_invalid', blame: 'user', ...spot, message, fix });
}
