import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the installed package, with its `rules`, `graphs` and `profiles`: from the sources and from the build alike. */
export const packageRoot = findUp(import.meta.dirname);

function findUp(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findUp(dirname(folder));
}
