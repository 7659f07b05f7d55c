/** Reads a profile and those that it extends. */
import { existsSync, globSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { FlowError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { extendsOf, type Profile, type ProfileDocument, parseProfile } from '../core/profile.ts';
import { packageRoot } from './package-root.ts';
import type { Workspace } from './workspace.ts';
import { readYaml, toErrors } from './yaml-document.ts';

export interface LoadedProfile {
  readonly profile: Profile;
  readonly files: readonly string[];
}

const builtIn = 'builtin:';

/**
 * @param name a profile of the workspace's or the package's `profiles/`, or the path of a `.yaml` file
 * @throws {FlowError} `config_invalid`; or an AggregateError of them
 */
export function loadProfile(name: string, workspace: Workspace): LoadedProfile {
  const chain: ProfileDocument[] = [];
  for (let here: string | undefined = name; here !== undefined; ) {
    const child = chain[0]?.file;
    const file = findProfile(here, workspace, child);
    if (chain.some((document) => document.file === file)) throw extendsItself(name, file);
    const value = readYaml(file, 'config_invalid');
    chain.unshift({ file, value });
    here = extendsOf(value);
  }
  const parsed = parseProfile(chain);
  if ('issues' in parsed) throw new AggregateError(toErrors(parsed.issues, 'config_invalid'));
  return { profile: parsed.profile, files: chain.map(({ file }) => file) };
}

function findProfile(name: string, { root }: Workspace, extendedBy: string | undefined): string {
  if (/\.ya?ml$/.test(name)) return resolve(name);
  const own = join(root, 'profiles');
  const shipped = join(packageRoot, 'profiles');
  const folders = name.startsWith(builtIn) ? [shipped] : [own, shipped];
  const stem = name.startsWith(builtIn) ? name.slice(builtIn.length) : name;
  const found = folders.map((folder) => join(folder, `${stem}.yaml`)).find((file) => existsSync(file));
  if (found) return found;
  const known = [
    ...new Set(
      folders.flatMap((folder) => globSync('*.yaml', { cwd: folder }).map((file) => basename(file, '.yaml'))),
    ),
  ];
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: extendedBy ?? '--profile',
    message: `Cannot find the profile "${name}".`,
    fix: suggestion(stem, known.sort()),
  });
}

function extendsItself(name: string, file: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: file,
    message: `Cannot read the profile "${name}": it extends itself.`,
    fix: `Remove one "extends"; "${builtIn}NAME" means the profile that comes with flow.`,
  });
}
