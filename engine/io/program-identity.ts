/** What stands for an external program in the keys of the actions that use it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { FileIndex } from './file-index.ts';
import { ffmpegVersion } from './media/ffmpeg-program.ts';

/**
 * ffmpeg is told by its version, since one version may be packed in many ways; other programs by the digest of their file.
 *
 * @throws {FlowError} `config_invalid` if there is no such program
 */
export async function programIdentity(name: string, index: FileIndex): Promise<string> {
  return name === 'ffmpeg' ? ffmpegVersion() : index.digestOf(findProgram(name));
}

/** The file that a program is. @throws {FlowError} `config_invalid` if there is no such program */
export function findProgram(name: string): string {
  const found = candidatesFor(name).find(isExecutable);
  if (found) return found;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot find the program "${name}".`,
    fix: `Install it, or add its folder to PATH.`,
  });
}

/** Where another program of this name would be found instead. */
export function placesBefore(name: string): string[] {
  const candidates = candidatesFor(name);
  return candidates.slice(0, candidates.findIndex(isExecutable));
}

function candidatesFor(name: string): string[] {
  if (name.includes('/')) return [name];
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
