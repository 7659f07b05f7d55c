/** The entries of models that come with flow, and those of the workspace. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Issue } from '../../core/issue.ts';
import type { CatalogModel, ModelCatalog } from '../../core/model-catalog.ts';
import { type ModelEntry, modelName, parseModelEntry } from '../../core/model-entry.ts';
import { packageRoot } from '../package-root.ts';
import type { Workspace } from '../workspace.ts';
import { readYaml, toErrors } from '../yaml-document.ts';
import { lockFile, type ModelsLock, readLock, withPins } from './models-lock.ts';

export interface LoadedCatalog extends ModelCatalog {
  /** `name:version` of all entries, sorted. */
  readonly names: readonly string[];
  /** The documents: entries, and the lock where there is one. */
  readonly files: readonly string[];
  /** Folders in which a new one would count. */
  readonly folders: readonly string[];
}

/**
 * Reads of each entry no more than is asked for: a build needs a few of many.
 *
 * @returns its `find` and `all` throw, too, where the entries that they read are wrong
 * @throws {AggregateError} of `FlowError`s `config_invalid`: entries of one name, and those without a legible one
 */
export function loadCatalog(
  workspace: Pick<Workspace, 'root'>,
  lock: ModelsLock = readLock(workspace),
): LoadedCatalog {
  const folders = foldersBelow([join(packageRoot, 'rules/models'), join(workspace.root, 'models')]);
  const documents = folders.flatMap((folder) =>
    globSync('*.yaml', { cwd: folder })
      .sort()
      .map((file) => join(folder, file)),
  );
  const byName = filesByName(documents);
  const names = [...byName.keys()].sort();
  const models = new Map<string, CatalogModel>();
  const read = (name: string): CatalogModel | undefined => {
    const known = models.get(name);
    const file = byName.get(name);
    if (known || file === undefined) return known;
    const model = { entry: withPins(readEntry(file), lock), file, folder: dirname(file) };
    models.set(name, model);
    return model;
  };
  return {
    names,
    get all() {
      return names.map((name) => read(name)!); // Its own names.
    },
    find: (model) => read(modelName(model)),
    get files() {
      return [...documents, ...[lockFile(workspace)].filter((file) => existsSync(file))]; // A build may be the first to write it.
    },
    folders: folders.filter((folder) => existsSync(folder)),
  };
}

/** Themselves first; some of what a glob of folders gives is the folder that it begins in. */
function foldersBelow(roots: readonly string[]): string[] {
  const found = roots.flatMap((root) => [
    root,
    ...globSync('**/', { cwd: root }).map((name) => join(root, name)),
  ]);
  return [...new Set(found.map((folder) => resolve(folder)))];
}

/** `name:version` → the entry's document. */
function filesByName(documents: readonly string[]): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  const issues: Issue[] = [];
  for (const file of documents) {
    const name = nameIn(readFileSync(file, 'utf8')) ?? modelName(readEntry(file));
    const other = byName.get(name);
    if (other === undefined) byName.set(name, file);
    else issues.push(twice(name, file, other));
  }
  if (issues.length > 0) throw new AggregateError(toErrors(issues, 'config_invalid'));
  return byName;
}

function readEntry(file: string): ModelEntry {
  const parsed = parseModelEntry(file, readYaml(file, 'config_invalid'));
  if ('issues' in parsed) throw new AggregateError(toErrors(parsed.issues, 'config_invalid'));
  return parsed.entry;
}

/** `name:version`, where both stand in lines of their own; undefined where only a parser can tell. */
function nameIn(text: string): string | undefined {
  const [name, version] = ['name', 'version'].map((key) => {
    const [, quoted, plain] =
      new RegExp(`^${key}: +(?:(?:"([^"\\\\\\n]*)"|'([^'\\n]*)')|([\\w.-]+)) *(?:#.*)?$`, 'm')
        .exec(text)
        ?.filter(Boolean) ?? [];
    return quoted ?? plain;
  });
  return name === undefined || version === undefined ? undefined : modelName({ name, version });
}

function twice(name: string, file: string, other: string): Issue {
  return {
    file,
    path: ['name'],
    isKey: false,
    message: `Cannot tell two entries apart: both are of the model ${name}.`,
    fix: 'Give one of them another name or version.',
    other: { file: other, path: ['name'] },
  };
}
