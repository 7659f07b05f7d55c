import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The files under a folder that declare a rule, as paths from there: told by their text, without running them. */
export function rulesIn(folder: string): string[] {
  return globSync('**/*.ts', { cwd: folder }).filter((name) => declaresRule(join(folder, name)));
}

function declaresRule(path: string): boolean {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile && /\bdefine(Open)?Rule[(<]/.test(readFileSync(path, 'utf8'));
}
