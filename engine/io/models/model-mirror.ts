/** A folder or a server that has the files of models, whatever their entries name as the source: asked first. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { type ModelFile, modelName } from '../../core/model-entry.ts';
import { listFiles } from '../list-files.ts';
import type { FileOfModel } from './model-errors.ts';

/** True for a mirror that takes a network. */
export function isServer(mirror: string): boolean {
  return /^https?:\/\//.test(mirror);
}

/** Where a server may have a file: by its name, or by its digest. */
export function mirrorUrls(mirror: string, { name, sha256 }: ModelFile): string[] {
  const base = mirror.replace(/\/+$/, '');
  return [name, ...(sha256 === undefined ? [] : [sha256])].map((leaf) => `${base}/${leaf}`);
}

/**
 * A file of a folder, by its name, or any one that has the digest. Without a digest its name has to do.
 *
 * @param digestOf remembers what it has read
 * @throws {FlowError} `config_invalid` if there is no such folder
 */
export async function findInFolder(
  folder: string,
  wanted: FileOfModel,
  digestOf: (path: string) => Promise<string>,
): Promise<string | undefined> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw noFolder(folder, wanted);
  const { name, sha256, bytes } = wanted.file;
  const named = join(folder, name);
  if (sha256 === undefined) return isFile(named) ? named : undefined;
  for (const path of [named, join(folder, sha256)])
    if (isFile(path) && (await digestOf(path)) === sha256) return path;
  for await (const { path, sizeBytes } of listFiles(folder))
    if ((bytes === undefined || sizeBytes === bytes) && (await digestOf(path)) === sha256) return path;
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function noFolder(folder: string, { entry, file }: FileOfModel): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: 'FLOW_MODELS_MIRROR',
    message: `Cannot look for "${file.name}" of the model ${modelName(entry)} in the mirror "${folder}": there is no such folder.`,
    fix: 'Let FLOW_MODELS_MIRROR name a folder or an http(s) address, or unset it.',
  });
}
