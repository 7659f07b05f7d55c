/** The targets of a command line: videos with `run:`, components of the workspace with `//`. */
import { type Dirent, existsSync, globSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { FlowError, fileReason } from '../core/errors.ts';

export interface VideoTarget {
  /** As a person would name it: the path as it was given. */
  readonly name: string;
  readonly path: string;
  /** Only this component. */
  readonly component: string | undefined;
  /** Of that component, the outputs that were asked for by name. */
  readonly outputs: readonly string[];
}

export interface ComponentTarget {
  /** Name of a workspace component; `...` stands for all. */
  readonly name: string;
  readonly outputs: readonly string[];
}

export interface Targets {
  readonly videos: readonly VideoTarget[];
  readonly components: readonly ComponentTarget[];
  /** Targets that name no video; the others can be built. */
  readonly refused: readonly { readonly name: string; readonly error: FlowError }[];
  /** Folders whose lists of files the targets depend on, and lists of targets. */
  readonly folders: readonly string[];
  readonly lists: readonly string[];
}

/** Endings of files that a folder is searched for; a file that is named outright may have any. */
export const mediaEndings: ReadonlySet<string> = new Set(
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

/** @throws {AggregateError} of `FlowError`s, `config_invalid`, for words that are no targets */
export function parseTargets(words: readonly string[]): Targets {
  const wrong = words.filter((word) => !videoPattern.test(word) && !componentPattern.test(word));
  if (wrong.length > 0) throw new AggregateError([...new Set(wrong)].map(notATarget));
  const finder = new VideoFinder();
  for (const word of words) {
    const [, place, component, output] = videoPattern.exec(word) ?? [];
    if (place !== undefined) finder.find(word, place, { component, output });
  }
  const components = words.flatMap((word) => {
    const [, name, output] = componentPattern.exec(word) ?? [];
    return name === undefined ? [] : [{ name, outputs: listOf(output) }];
  });
  const { videos, refused, folders, lists } = finder;
  return {
    videos: joined(videos, ({ path, component }) => `${path}//${component ?? ''}`),
    components: joined(components, ({ name }) => name),
    refused,
    folders: [...folders],
    lists: [...lists],
  };
}

const outputPattern = '(?::([A-Za-z0-9_-]+))?';
const componentPattern = new RegExp(`^//([A-Za-z0-9_-]+|\\.\\.\\.(?!:))${outputPattern}$`);
const videoPattern = new RegExp(`^run:([^\\0]+?)(?://([A-Za-z0-9_-]+)${outputPattern})?$`, 's');

function listOf(output: string | undefined): string[] {
  return output === undefined ? [] : [output];
}

/** Targets that mean the same thing as one that wants the outputs of all. */
function joined<T extends { readonly outputs: readonly string[] }>(
  targets: readonly T[],
  keyOf: (target: T) => string,
): T[] {
  const found = new Map<string, T>();
  for (const target of targets) {
    const known = found.get(keyOf(target));
    const outputs = new Set([...(known?.outputs ?? []), ...target.outputs]);
    found.set(keyOf(target), { ...(known ?? target), outputs: [...outputs] });
  }
  return [...found.values()];
}

interface Want {
  readonly component: string | undefined;
  readonly output: string | undefined;
}

/** Looks for the videos that targets name. */
class VideoFinder {
  readonly videos: VideoTarget[] = [];
  readonly refused: { name: string; error: FlowError }[] = [];
  readonly folders = new Set<string>();
  readonly lists = new Set<string>();

  find(word: string, place: string, want: Want): void {
    this.#take(word, want, () => {
      if (!place.startsWith('@')) return this.#expand(place);
      for (const line of this.#listed(place.slice(1)))
        this.#take(`run:${line}`, want, () => this.#expand(line));
      return [];
    });
  }

  /** What cannot be found is refused by itself. */
  #take(name: string, { component, output }: Want, names: () => readonly string[]): void {
    try {
      for (const video of names())
        this.videos.push({ name: video, path: resolve(video), component, outputs: listOf(output) });
    } catch (thrown) {
      if (!(thrown instanceof FlowError)) throw thrown;
      this.refused.push({ name, error: thrown });
    }
  }

  #expand(place: string): string[] {
    const stats = statOf(place);
    if (stats?.isDirectory()) return this.#inFolder(place);
    if (!stats && /[*?[{]/.test(place)) return this.#matching(place);
    const video = place.slice(0, Math.max(0, place.lastIndexOf('//')));
    if (!stats && statOf(video)?.isFile()) throw badSuffix(place, video);
    return [place]; // If it is missing, its run will say so.
  }

  /** The places in a list, as seen from here. */
  #listed(file: string): string[] {
    const lines = readList(file)
      .split(/\r?\n/)
      .map((line) => line.trim());
    this.lists.add(resolve(file));
    const places = lines.filter((line) => line !== '' && !line.startsWith('#'));
    if (places.length === 0) throw nothingFound(`@${file}`, 'the list is empty', 'Write one video a line.');
    return places.map((line) => (isAbsolute(line) ? line : join(dirname(file), line)));
  }

  #inFolder(folder: string): string[] {
    this.folders.add(resolve(folder));
    const names = entriesOf(folder)
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .filter((name) => mediaEndings.has(extname(name).toLowerCase()) && !name.startsWith('.'));
    if (names.length === 0)
      throw nothingFound(folder, 'the folder has no videos', 'Name a folder of videos, a file, or a glob.');
    return names.sort().map((name) => join(folder, name));
  }

  #matching(pattern: string): string[] {
    const paths = globSync(pattern)
      .filter((path) => !statOf(path)?.isDirectory())
      .sort();
    for (const folder of foldersOfGlob(pattern, '.')) this.folders.add(folder);
    if (paths.length > 0) return paths;
    const fix = 'Check the pattern; quote it so that the shell leaves it alone.';
    throw nothingFound(pattern, 'no file matches', fix);
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error as NodeJS.ErrnoException);
  }
}

function readList(file: string): string {
  const stats = statOf(file);
  const isVideo = existsSync(`@${file}`);
  if (!stats) {
    const fix = isVideo
      ? `Write "run:./@${file}" for the video of this name.`
      : 'Check the name of the list.';
    throw nothingFound(`@${file}`, 'there is no such list', fix);
  }
  if (!stats.isFile()) throw nothingFound(`@${file}`, 'it is no regular file', 'Write the list into a file.');
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('\0')) return text;
  } catch (error) {
    throw unreadable(`@${file}`, error as NodeJS.ErrnoException);
  }
  throw nothingFound(`@${file}`, 'it is no text', `Write "run:./@${file}" for a video of this name.`);
}

/** Undefined for what is not there or cannot be reached: reading it will tell why. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
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
    where: word || '""',
    message: `Cannot build "${word}": it is not a target.`,
    fix:
      !word.startsWith('/') && !word.includes('\0') && existsSync(word)
        ? `Write "run:${word}".`
        : 'Write "run:VIDEO", "run:VIDEO//COMPONENT", or "//COMPONENT" for a target of the workspace.',
  });
}

function badSuffix(place: string, video: string): FlowError {
  const fix = `Write "run:${video}//COMPONENT" or "run:${video}//COMPONENT:OUTPUT".`;
  return nothingFound(place, `"${place.slice(video.length)}" is no component`, fix);
}

function nothingFound(place: string, why: string, fix: string): FlowError {
  return new FlowError({
    code: 'input_not_found',
    blame: 'user',
    message: `Cannot find videos at "${place}": ${why}.`,
    fix,
  });
}

function unreadable(place: string, cause: NodeJS.ErrnoException): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot look for videos at "${place}": ${fileReason(cause)}.`,
    fix: 'Correct its permissions.',
    cause,
  });
}
