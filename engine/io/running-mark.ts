/**
 * Says that a build is running, so that a later one can tell that it was killed and remove what it left half-written.
 *
 * A mark is a small file, named for the process, that lists the folders which the build writes to. Only where the
 * mark of a dead process is found are those folders searched.
 */
import { type Dirent, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownerOfTemporary } from './disk.ts';
import { isAlive, processIdentity } from './process-identity.ts';

/**
 * Sweeps up after builds that were killed, and marks this one until it is disposed of.
 *
 * @param stateFolder the workspace's own
 * @param folders what this build writes to
 */
export function markRunning(stateFolder: string, folders: readonly string[]): Disposable {
  const marks = join(stateFolder, 'running');
  const own = join(marks, processIdentity());
  try {
    mkdirSync(marks, { recursive: true });
    for (const name of readdirSync(marks)) if (!isAlive(name)) sweepUpAfter(join(marks, name));
    writeFileSync(own, JSON.stringify(folders));
  } catch {
    // No room for a mark: if this build is killed its leftovers stay, which is untidy and nothing worse.
  }
  return { [Symbol.dispose]: () => rmSync(own, { force: true }) };
}

/** The numbers of the processes that build in a workspace at the moment. @param stateFolder the workspace's own */
export function runningBuilds(stateFolder: string): number[] {
  try {
    const alive = readdirSync(join(stateFolder, 'running')).filter((name) => isAlive(name));
    return alive.map((name) => Number.parseInt(name, 10));
  } catch {
    return []; // Nothing has been built here.
  }
}

function sweepUpAfter(mark: string): void {
  for (const folder of foldersOf(mark)) sweep(folder);
  rmSync(mark, { force: true });
}

function foldersOf(mark: string): string[] {
  try {
    const folders: unknown = JSON.parse(readFileSync(mark, 'utf8'));
    return Array.isArray(folders) ? folders.filter((folder) => typeof folder === 'string') : [];
  } catch {
    return []; // It was killed while it wrote its mark: it had not begun to write anything else.
  }
}

function sweep(folder: string): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true }); // With types links are not followed.
  } catch {
    return; // It was never made.
  }
  for (const { parentPath, name } of entries) {
    const owner = ownerOfTemporary(name);
    if (owner !== undefined && !isAlive(owner))
      rmSync(join(parentPath, name), { recursive: true, force: true });
  }
}
