/** Targets that begin as the word does: `run:clip.mp4`, `run:clip.mp4//cut_detection`, `//word_count`. */
import { extname } from 'node:path';
import { mediaEndings } from '../targets.ts';
import { pathsFor } from './path-words.ts';
import { componentsOf } from './workspace-names.ts';

const runPrefix = 'run:';
const listPrefix = 'run:@';

/** @param options.isRun a run is wanted: a video, without a component */
export async function targetsFor(start: string, { isRun = false } = {}): Promise<string[]> {
  const [, video] = /^(run:.+)\/\/[^/]*$/s.exec(start) ?? [];
  if (video !== undefined && !isRun)
    return (await namesOf({ isPerRun: true })).map((name) => `${video}//${name}`);
  if (start.startsWith(listPrefix)) return prefixed(listPrefix, pathsFor(start.slice(listPrefix.length)));
  if (start.startsWith(runPrefix)) {
    const isWanted = (name: string): boolean => mediaEndings.has(extname(name).toLowerCase());
    return prefixed(runPrefix, pathsFor(start.slice(runPrefix.length), { isWanted }));
  }
  const components = isRun ? [] : ['...', ...(await namesOf({ isPerRun: false }))];
  return [runPrefix, ...prefixed('//', components)];
}

async function namesOf({ isPerRun }: { readonly isPerRun: boolean }): Promise<string[]> {
  const components = await componentsOf();
  return components.filter((one) => one.isPerRun === isPerRun).map(({ name }) => name);
}

function prefixed(prefix: string, words: readonly string[]): string[] {
  return words.map((word) => prefix + word);
}
