/** Things of flow's on the disk that can be removed: what they are, how large, and removing them. */
import { type Dirent, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Removal {
  readonly what: 'results' | 'state' | 'memory' | 'cache';
  /** The folder, as it is told. */
  readonly place: string;
  /** What of it is removed: itself, or some of its entries. */
  readonly paths: readonly string[];
  /** Folders above it that go with it once they are empty, up to this one, which stays. */
  readonly emptyUpTo?: string;
}

/** Removes it; links in it are removed, and what they lead to stays. */
export function remove({ paths, place, emptyUpTo }: Removal): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
  if (emptyUpTo === undefined) return;
  for (let folder = dirname(place); folder.startsWith(`${emptyUpTo}/`); folder = dirname(folder)) {
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
export function freedBytes({ paths }: Removal): number {
  return sum(paths.map(bytesIn));
}

function bytesIn(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return sum(entriesOf(path).map(({ name }) => bytesIn(join(path, name))));
  return stats?.isFile() && stats.nlink === 1 ? stats.size : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The entries of a folder that is there and is no link to one elsewhere. */
export function entriesOf(folder: string): Dirent[] {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { withFileTypes: true })
    : [];
}

/** True if no link on the way from `above` to `path` leads elsewhere. */
export function isReallyIn(above: string, path: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(above)}/`) && !lstatSync(path).isSymbolicLink();
}
