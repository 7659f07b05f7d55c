/** Where the results are, for commands that have to start at once: they cannot wait for a reader of YAML to load. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WorkspaceFlags } from '../workspace.ts';
import { workspaceRoot } from '../workspace-root.ts';

/** The same folder as `findWorkspace` finds. @throws as `findWorkspace` */
export async function resultsFolderOf(flags: WorkspaceFlags): Promise<string> {
  if (flags.results) return resolve(flags.results);
  const root = workspaceRoot();
  const plain = plainResults(join(root, 'flow.yaml'));
  if (plain !== undefined) return resolve(root, plain);
  const { findWorkspace } = await import('../workspace.ts');
  return findWorkspace(flags).resultsFolder;
}

/** What `flow.yaml` says, where it says that as nearly all do; undefined where it has to be read by its rules. */
function plainResults(file: string): string | undefined {
  const text = textOf(file);
  if (!text.includes('results')) return 'result_store';
  // A word that begins with a letter is a string in YAML, but for those few.
  const [, folder, ...others] = text.split(/^results: ([A-Za-z][\w./-]*)$/m);
  const isOnly = others.length === 1 && text.split('results').length === 2;
  return isOnly && !/^(true|false|null)$/i.test(folder!) ? folder : undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    return 'results'; // `findWorkspace` tells what is wrong with it.
  }
}
