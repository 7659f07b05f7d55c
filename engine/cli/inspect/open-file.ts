/** Files that hold arrays or JSON. */

import { readFileSync, type Stats, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { FlowError, fileReason } from '../../core/errors.ts';
import { isNpy } from '../../core/npy-header.ts';
import { type NumpyMember, numpyMembers, type StoredArray, UnreadableArray } from '../../core/numpy-array.ts';
import { isZip } from '../../core/zip-members.ts';
import { sizeText } from '../duration-text.ts';
import { shown } from '../shown-path.ts';
import { mediaEndings } from '../targets.ts';

export type OpenedFile =
  | { readonly kind: 'folder' }
  | { readonly kind: 'arrays'; readonly sizeBytes: number; readonly members: readonly NumpyMember[] }
  | { readonly kind: 'json'; readonly sizeBytes: number; readonly document: unknown };

const mostBytes = 2 ** 31 - 1; // More than Node reads at once.

/** @throws {FlowError} `input_not_found` or `input_unreadable` if the file is missing, damaged, or of another sort */
export function openFile(path: string): OpenedFile {
  const stats = statOf(path);
  if (stats.isDirectory()) return { kind: 'folder' };
  if (!stats.isFile()) throw unreadable(path, 'it is no file', 'Name a file or a folder.');
  if (stats.size > mostBytes)
    throw unreadable(
      path,
      `it has ${sizeText(stats.size)}, more than 2 GiB`,
      'Save a part of it, and look at that.',
    );
  const bytes = readBytes(path);
  const [sizeBytes, ending] = [bytes.length, extname(path).toLowerCase()];
  if (isZip(bytes) || isNpy(bytes) || ending === '.npz' || ending === '.npy')
    return { kind: 'arrays', sizeBytes, members: membersOf(path, bytes) };
  if (ending === '.json') return { kind: 'json', sizeBytes, document: parse(path, bytes) };
  throw unreadable(path, 'it holds neither arrays nor JSON', mendOf(path, ending));
}

function mendOf(path: string, ending: string): string {
  if (ending === '.html') return 'Open it in a browser.';
  if (mediaEndings.has(ending)) return `Name an output of its run: "run:${shown(path)}//COMPONENT:OUTPUT".`;
  return 'Name an .npz, .npy or .json file, or a folder.';
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new FlowError({
      code: 'input_not_found',
      blame: 'user',
      where: shown(path),
      message: `Cannot read "${shown(path)}": ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix: 'Check its name; an array of a file is written as FILE:ARRAY.',
      cause,
    });
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, fileReason(cause as NodeJS.ErrnoException), 'Check its permissions.', cause);
  }
}

function membersOf(path: string, bytes: Uint8Array): NumpyMember[] {
  try {
    return numpyMembers(bytes, basename(path, extname(path)));
  } catch (error) {
    if (!(error instanceof UnreadableArray)) throw error;
    throw unreadable(path, error.message, error.fix, error);
  }
}

/** @throws {FlowError} `input_unreadable` */
export function readMember(path: string, member: NumpyMember): StoredArray {
  try {
    return member.read();
  } catch (error) {
    if (!(error instanceof UnreadableArray)) throw error;
    throw new FlowError({
      code: 'input_unreadable',
      blame: 'user',
      where: shown(path),
      message: `Cannot read array "${member.name}": ${error.message}.`,
      fix: error.fix,
      cause: error,
    });
  }
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw unreadable(path, 'it is not JSON', 'Correct it, or build it again.', cause);
  }
}

function unreadable(path: string, why: string, fix: string, cause?: unknown): FlowError {
  const message = `Cannot read "${shown(path)}": ${why}.`;
  return new FlowError({ code: 'input_unreadable', blame: 'user', where: shown(path), message, fix, cause });
}
