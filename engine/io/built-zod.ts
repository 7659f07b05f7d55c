/**
 * zod for rules, as the package's build holds it: one file, which a thread loads in a third of the time that the hundred
 * files of the package take. Where another one is installed (`identityOf` tells), rules get that.
 */
import { existsSync, readFileSync } from 'node:fs';
import { identityOf } from './package-identity.ts';

const built = new URL('./zod.js', import.meta.url);
/** Beside it: what it was built from. Neither is there beside the sources. */
const builtFrom = new URL('./zod-identity.txt', import.meta.url);
const identity = existsSync(builtFrom) ? readFileSync(builtFrom, 'utf8') : undefined;

const quickest = new Map<string, string>();

/** @param url of the zod that Node would load from `folder` */
export function quickestZod(url: string, folder: string): string {
  const known = quickest.get(url) ?? choose(url, folder);
  quickest.set(url, known);
  return known;
}

function choose(url: string, folder: string): string {
  const isSame = identity !== undefined && identityOf('zod', [folder])?.identity === identity;
  return isSame ? built.href : url;
}
