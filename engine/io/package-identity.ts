/** Which package a rule gets: its version, and what vouches for its content. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestJson, digestOf } from '../core/digest.ts';

export interface PackageIdentity {
  /** Version, and integrity by the lockfile that npm keeps inside node_modules of what is really installed. */
  readonly identity: string;
  /** The files that say so. */
  readonly files: readonly string[];
}

/** Looks a package up as Node would from each of the folders. */
export function identityOf(name: string, from: readonly string[]): PackageIdentity | undefined {
  for (const start of from) {
    for (let folder = start; ; folder = dirname(folder)) {
      const modules = join(folder, 'node_modules');
      const manifest = join(modules, name, 'package.json');
      const version = readJson(manifest)?.version;
      if (typeof version === 'string') {
        const lockfile = join(modules, '.package-lock.json');
        const lock = readJson(lockfile) as { packages?: Record<string, { integrity?: string }> } | undefined;
        const integrity = lock?.packages?.[`node_modules/${name}`]?.integrity;
        if (integrity) return { identity: `${version} ${integrity}`, files: [manifest, lockfile] };
        return unlocked(join(modules, name), version);
      }
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}

/** A package that no lockfile vouches for, as one that is linked: its files speak for themselves. */
function unlocked(folder: string, version: string): PackageIdentity {
  const names = globSync('**/*.{js,cjs,mjs,json,node,ts,wasm}', {
    cwd: folder,
    exclude: (name) => name === 'node_modules',
  }).sort();
  const files = names.map((name) => join(folder, name));
  const digests = names.map((name, index) => [name, digestOf(readFileSync(files[index]!))]);
  return { identity: `${version} ${digestJson(digests)}`, files };
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined; // Not here: the next folder up may have it.
  }
}
