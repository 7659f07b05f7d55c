/** Paths that begin as the word does. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface PathWish {
  readonly onlyFolders?: boolean;
  /** Which files to offer; folders always are. */
  readonly isWanted?: (name: string) => boolean;
}

/** @returns paths in the form of the word, folders with a `/` behind them */
export function pathsFor(start: string, { onlyFolders = false, isWanted }: PathWish = {}): string[] {
  const cut = start.lastIndexOf('/') + 1;
  const [folder, stem] = [start.slice(0, cut), start.slice(cut)];
  return entriesOf(folder || '.')
    .filter(({ name }) => name.startsWith(stem) && (stem !== '' || !name.startsWith('.')))
    .flatMap((entry) => {
      if (isFolder(folder, entry)) return [`${folder}${entry.name}/`];
      return onlyFolders || isWanted?.(entry.name) === false ? [] : [folder + entry.name];
    })
    .sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // There is nothing to offer in what cannot be read.
  }
}

function isFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
