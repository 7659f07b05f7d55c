/** Reads a profile and those that it extends. */
import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { IssuePlace } from '../core/issue.ts';
import { suggestion } from '../core/nearest.ts';
import { extendsOf, type Profile, type ProfileDocument, parseProfile } from '../core/profile.ts';
import { packageRoot } from './package-root.ts';
import { shown } from './shown-path.ts';
import type { Workspace } from './workspace.ts';
import { readYaml, spotIn, toErrors } from './yaml-document.ts';

export interface LoadedProfile {
  readonly profile: Profile;
  readonly files: readonly string[];
}

const builtIn = 'builtin:';

/**
 * @param name a profile of the workspace's or the package's `profiles/`, or the path of a `.yaml` file; undefined for
 *   the workspace's own choice
 * @throws {FlowError} `config_invalid`; or an AggregateError of them
 */
export function loadProfile(name: string | undefined, workspace: Workspace): LoadedProfile {
  const chain: ProfileDocument[] = [];
  for (let here: string | undefined = name ?? workspace.profile; here !== undefined; ) {
    const file = findProfile(here, workspace, namedBy(name, workspace, chain[0]?.file));
    if (chain.some((document) => document.file === file)) throw extendsItself(chain, file);
    const value = readYaml(file, 'config_invalid');
    chain.unshift({ file, value });
    here = extendsOf(value);
  }
  const parsed = parseProfile(chain);
  if ('issues' in parsed) throw new AggregateError(toErrors(parsed.issues, 'config_invalid'));
  return { profile: parsed.profile, files: chain.map(({ file }) => file) };
}

/** Where the name of a profile stands: in one that extends it, in `flow.yaml`, or (undefined) in a flag. */
function namedBy(
  flag: string | undefined,
  { settingsFile }: Workspace,
  child: string | undefined,
): IssuePlace | undefined {
  if (child !== undefined) return { file: child, path: ['extends'] };
  return flag === undefined && settingsFile !== undefined
    ? { file: settingsFile, path: ['profile'] }
    : undefined;
}

function findProfile(name: string, { root }: Workspace, place: IssuePlace | undefined): string {
  if (/\.ya?ml$/.test(name)) {
    const path = place ? resolve(dirname(place.file), name) : resolve(name);
    if (existsSync(path)) return path;
    throw notFound(name, place, 'Check the path.');
  }
  const own = join(root, 'profiles');
  const shipped = join(packageRoot, 'profiles');
  const [prefix, stem] = name.startsWith(builtIn) ? [builtIn, name.slice(builtIn.length)] : ['', name];
  const folders = prefix === '' ? [own, shipped] : [shipped];
  const found = folders.map((folder) => join(folder, `${stem}.yaml`)).find((file) => existsSync(file));
  if (found) return found;
  const known = folders.flatMap((folder) => globSync('*.yaml', { cwd: folder }));
  const names = new Set(known.map((file) => prefix + basename(file, '.yaml')));
  throw notFound(name, place, suggestion(name, [...names].sort()));
}

function notFound(name: string, place: IssuePlace | undefined, fix: string): FlowError {
  const spot = place ? spotIn(place) : { where: '--profile' };
  const message = `Cannot find the profile "${name}".`;
  return new FlowError({ code: 'config_invalid', blame: 'user', ...spot, message, fix });
}

/** @param chain the profiles read, the eldest first; that one extends one of them */
function extendsItself(chain: readonly ProfileDocument[], file: string): FlowError {
  const around = chain.slice(0, chain.findIndex((document) => document.file === file) + 1).reverse();
  const names = [...around, around[0]!].map((document) => shown(document.file));
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    ...spotIn({ file: chain[0]!.file, path: ['extends'] }),
    message: `Cannot read the profile: it extends itself: ${names.join(' → ')}.`,
    fix: `Remove one "extends"; "${builtIn}NAME" means the profile that comes with flow.`,
  });
}
