/** The targets of a command line: videos with `run:`, components of the workspace with `//`. */
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { FlowError } from '../core/errors.ts';

export interface VideoTarget {
  /** As a person would name it: the path as it was given. */
  readonly name: string;
  readonly path: string;
  /** Only this component, and this output of it. */
  readonly component: string | undefined;
  readonly output: string | undefined;
}

export interface Targets {
  readonly videos: readonly VideoTarget[];
  /** Names of workspace components; `...` stands for all. */
  readonly components: readonly string[];
  /** Folders whose lists of files the targets depend on, and lists of targets. */
  readonly folders: readonly string[];
  readonly lists: readonly string[];
}

/** Endings of files that a folder is searched for; a file that is named outright may have any. */
const mediaEndings = new Set(
  [
    '3gp',
    'aac',
    'aiff',
    'avi',
    'flac',
    'flv',
    'm2ts',
    'm4a',
    'm4v',
    'mkv',
    'mov',
    'mp3',
    'mp4',
    'mpeg',
    'mpg',
    'mts',
    'mxf',
    'ogg',
    'ogv',
    'opus',
    'ts',
    'wav',
    'webm',
    'wmv',
  ].map((ending) => `.${ending}`),
);

/** @throws {FlowError} `config_invalid` for what is no target, `input_not_found` where nothing matches */
export function parseTargets(words: readonly string[]): Targets {
  const videos: VideoTarget[] = [];
  const components: string[] = [];
  const folders = new Set<string>();
  const lists = new Set<string>();
  for (const word of words) {
    if (word.startsWith('//')) components.push(componentOf(word));
    else if (word.startsWith('run:')) videos.push(...videosOf(word, folders, lists));
    else throw notATarget(word);
  }
  const unique = new Map(
    videos.map((video) => [`${video.path}//${video.component ?? ''}:${video.output ?? ''}`, video]),
  );
  return { videos: [...unique.values()], components, folders: [...folders], lists: [...lists] };
}

function componentOf(word: string): string {
  const name = word.slice(2);
  if (!/^([A-Za-z0-9_-]+|\.\.\.)$/.test(name)) throw notATarget(word);
  return name;
}

function videosOf(word: string, folders: Set<string>, lists: Set<string>): VideoTarget[] {
  const [, place, component, output] = /^run:(.*?)(?:\/\/([A-Za-z0-9_-]+)(?::([A-Za-z0-9_-]+))?)?$/s.exec(
    word,
  )!;
  if (!place) throw notATarget(word);
  return expand(place, folders, lists).map((name) => ({ name, path: resolve(name), component, output }));
}

function expand(place: string, folders: Set<string>, lists: Set<string>): string[] {
  if (place.startsWith('@')) return listed(place.slice(1), folders, lists);
  if (existsSync(place)) return statSync(place).isDirectory() ? inFolder(place, folders) : [place];
  if (/[*?[{]/.test(place)) return matching(place, folders);
  return [place]; // Its run will say that it is missing; other targets go on.
}

function listed(file: string, folders: Set<string>, lists: Set<string>): string[] {
  if (!existsSync(file))
    throw nothingFound(`@${file}`, 'there is no such list', 'Check the name of the list.');
  lists.add(resolve(file));
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const places = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (places.length === 0) throw nothingFound(`@${file}`, 'the list is empty', 'Write one video a line.');
  return places.flatMap((line) =>
    expand(isAbsolute(line) ? line : join(dirname(file), line), folders, lists),
  );
}

function inFolder(folder: string, folders: Set<string>): string[] {
  folders.add(resolve(folder));
  const names = readdirSync(folder).filter((name) => mediaEndings.has(extname(name).toLowerCase()));
  if (names.length === 0)
    throw nothingFound(folder, 'the folder has no videos', 'Name a folder of videos, a file, or a glob.');
  return names.sort().map((name) => join(folder, name));
}

function matching(pattern: string, folders: Set<string>): string[] {
  const paths = globSync(pattern)
    .filter((path) => !statSync(path).isDirectory())
    .sort();
  for (const folder of foldersOfGlob(pattern, '.')) folders.add(folder);
  if (paths.length === 0)
    throw nothingFound(
      pattern,
      'no file matches',
      'Check the pattern; quote it so that the shell leaves it alone.',
    );
  return paths;
}

/** All folders in which a new file could match a glob. */
export function foldersOfGlob(pattern: string, root: string): string[] {
  const fixed = pattern.slice(0, pattern.search(/[*?[{]/));
  const base = resolve(root, fixed.slice(0, fixed.lastIndexOf('/') + 1) || '.');
  if (!existsSync(base)) return [];
  const isDeep = pattern.slice(fixed.lastIndexOf('/') + 1).includes('/');
  return [base, ...(isDeep ? globSync('**/', { cwd: base }).map((name) => join(base, name)) : [])];
}

function notATarget(word: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: word,
    message: `Cannot build "${word}": it is not a target.`,
    fix: existsSync(word)
      ? `Write "run:${word}".`
      : 'Write "run:VIDEO", "run:VIDEO//COMPONENT", or "//COMPONENT" for a target of the workspace.',
  });
}

function nothingFound(place: string, why: string, fix: string): FlowError {
  return new FlowError({
    code: 'input_not_found',
    blame: 'user',
    where: place,
    message: `Cannot find videos at "${place}": ${why}.`,
    fix,
  });
}
