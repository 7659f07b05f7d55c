import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest folder upwards with a `flow.yaml`; without one, the current folder. */
export function workspaceRoot(from: string = process.cwd()): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'flow.yaml'))) return folder;
    if (dirname(folder) === folder) return from;
  }
}

/** Where the engine keeps what it knows of a workspace; all of it can be deleted. */
export function stateFolderOf(root: string): string {
  return join(root, '.flow');
}
