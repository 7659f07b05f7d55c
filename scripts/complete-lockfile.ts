/**
 * Completes `package-lock.json` after `npm install`: run `npm run lockfile`.
 *
 * npm leaves binaries for other systems out of the lockfile where the registry at hand does not offer them, and then
 * refuses the lockfile in `npm ci`. Their names and versions are known all the same: they are added here, without
 * a checksum, for the machines that need them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

/** Optional packages that some package asks for and the lockfile does not have, by their places in it. */
export function missingPackages({ packages }: Lockfile): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const isLocked = `node_modules/${name}` in packages || `${parent}/node_modules/${name}` in packages;
      if (isLocked) continue;
      const { os, cpu, libc } = platformOf(name);
      // In npm's own order, so that the next `npm install` moves no line.
      missing[`node_modules/${name}`] = {
        version,
        cpu,
        ...(dev && { dev }),
        ...(libc && { libc }),
        optional: true,
        os,
      };
    }
  }
  return missing;
}

/**
 * The system that a package of binaries is for, by its name: `…-linux-arm64-musl`.
 *
 * @throws {Error} if the name tells none
 */
export function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const [, os, cpu, abi] =
    /[-/]([a-z]+\d*)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64)(?:-([a-z]+))?$/.exec(name) ?? [];
  if (os === undefined || cpu === undefined)
    throw new Error(`Cannot tell the system of "${name}" by its name: add it to package-lock.json by hand.`);
  if (os !== 'linux' || abi === undefined) return { os: [os], cpu: [cpu] };
  return { os: [os], cpu: [cpu], libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] };
}

function main(): void {
  const path = resolve(import.meta.dirname, '../package-lock.json');
  const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
  const missing = missingPackages(lockfile);
  const [root, ...others] = Object.entries({ ...lockfile.packages, ...missing });
  const sorted = [root!, ...others.sort(([a], [b]) => a.localeCompare(b, 'en'))];
  writeFileSync(
    path,
    `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, undefined, 2)}\n`,
  );
  process.stdout.write(`Added ${Object.keys(missing).length} packages for other systems.\n`);
}

if (import.meta.main) main();
