/** Where runs are, for commands that have to start at once: they cannot wait for a reader of YAML to load. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunStorages, runStorages } from '../storage/run-storages.ts';
import type { WorkspaceFlags } from '../workspace.ts';
import { workspaceRoot } from '../workspace-root.ts';

/** The same folders as `findWorkspace` finds. @throws as `findWorkspace` */
export async function runFoldersOf(flags: WorkspaceFlags): Promise<RunStorages> {
  const root = workspaceRoot();
  const text = textOf(join(root, 'flow.yaml'));
  const [results, state] = [plainValue(text, 'results', 'result_store'), plainValue(text, 'state', 'state')];
  if (results !== undefined && state !== undefined)
    return runStorages({ flags, settings: { results, state }, root });
  const { findWorkspace } = await import('../workspace.ts');
  return findWorkspace(flags);
}

/** What `flow.yaml` says, where it says that as nearly all do; undefined where it has to be read by its rules. */
function plainValue(text: string | undefined, key: string, usual: string): string | undefined {
  if (text === undefined) return undefined;
  if (!text.includes(key)) return usual;
  // A word that begins with a letter is a string in YAML, but for those few.
  const [, folder, ...others] = text.split(new RegExp(`^${key}: ([A-Za-z][\\w./-]*)$`, 'm'));
  const isOnly = others.length === 1 && text.split(key).length === 2;
  return isOnly && !/^(true|false|null)$/i.test(folder!) ? folder : undefined;
}

/** Undefined where it cannot be read: `findWorkspace` tells why. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? '' : undefined;
  }
}
