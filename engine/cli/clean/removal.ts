/** Things of flow's on the disk that can be removed: what they are, how large, and removing them. */
import { type Dirent, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Removal {
  readonly path: string;
  /** What it is: 'the results of local/clip/r-1'. */
  readonly what: string;
  /** Folders above it that go with it once they are empty, up to this one, which stays. */
  readonly emptyUpTo?: string;
}

/** Removes it; links in it are removed, and what they lead to stays. */
export function remove({ path, emptyUpTo }: Removal): void {
  rmSync(path, { recursive: true, force: true });
  for (let folder = dirname(path); emptyUpTo !== undefined && folder.startsWith(`${emptyUpTo}/`); folder = dirname(folder)) {
    if (!removeIfEmpty(folder)) return;
  }
}

function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // There are other runs in it.
  }
}

/** The bytes that removing would free: a file with another name elsewhere stays there. */
export function freedBytes({ path }: Removal): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.isFile() && stats.nlink === 1 ? stats.size : 0;
  return entriesOf(path).reduce((sum, { name }) => sum + freedBytes({ path: join(path, name), what: name }), 0);
}

/** The entries of a folder that is there and is no link to one elsewhere. */
export function entriesOf(folder: string): Dirent[] {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder, { withFileTypes: true }) : [];
}

/** True if no link on the way from `above` to `path` leads elsewhere. */
export function isReallyIn(above: string, path: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(above)}/`) && !lstatSync(path).isSymbolicLink();
}
