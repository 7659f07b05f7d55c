import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export interface FolderEntry {
  /** Relative to the folder, with '/'. */
  readonly path: string;
  /** `foreign`: a link that leads out of the folder or nowhere; `other`: a pipe, a socket, a device. */
  readonly type: 'file' | 'folder' | 'foreign' | 'other';
}

/** All that is in a folder and below it, sorted. Links are not followed, as `readdir` with `recursive` would. */
export function listFolder(folder: string): FolderEntry[] {
  const root = realpathSync(folder);
  return [...entriesIn(root, '')].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function* entriesIn(root: string, folder: string): Generator<FolderEntry> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    yield { path, type: typeOf(root, path) };
    if (entry.isDirectory()) yield* entriesIn(root, path);
  }
}

function typeOf(root: string, path: string): FolderEntry['type'] {
  const real = realPath(join(root, path));
  if (real === undefined || !isInside(root, real)) return 'foreign';
  const stats = lstatSync(real);
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // It leads nowhere.
  }
}

/** True for a path below `root`; both without links. */
function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`);
}
