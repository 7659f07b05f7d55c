/**
 * zod for rules, as the package's build holds it: one file, which a thread loads in a third of the time that the hundred
 * files of the package take. Where the package that is installed has another version, rules get that one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const built = new URL('./zod.js', import.meta.url);
const isBuilt = existsSync(built); // Not beside the sources.

/** @param url of the zod that Node would load */
export function quickestZod(url: string): string {
  return isBuilt && versionOf(url) === builtVersion() ? built.href : url;
}

function builtVersion(): string {
  const { major, minor, patch } = z.core.version;
  return `${major}.${minor}.${patch}`;
}

function versionOf(url: string): string | undefined {
  const manifest = new URL('./package.json', url);
  if (!existsSync(manifest)) return undefined;
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }).version; // What npm has written.
}
