/** The runs that several words of the command line name. */
import { globSync, statSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { findRun, type ResultStorage } from './find-run.ts';
import { type RunPlace, runPlaces } from './run-places.ts';

/**
 * Finds runs, each once: by words as `findRun` does, and by globs over paths or over `platform/video/run`.
 *
 * @throws {FlowError} as `findRun`, also for a glob that matches nothing
 */
export async function findRuns(words: readonly string[], storage: ResultStorage): Promise<RunPlace[]> {
  const found = new Map<string, RunPlace>();
  for (const word of words) {
    for (const place of await placesOf(word, storage)) found.set(place.folder, place);
  }
  return [...found.values()];
}

async function placesOf(word: string, storage: ResultStorage): Promise<RunPlace[]> {
  if (!/[*?[{]/.test(word) || statSync(word, { throwIfNoEntry: false }))
    return [await findRun(word, storage)];
  const named = runPlaces(storage.resultsFolder).filter(({ name }) => matchesGlob(ending(name, word), word));
  if (named.length > 0) return named;
  const paths = globSync(word).filter(isRun).sort();
  if (paths.length === 0) return [await findRun(word, storage)]; // It tells that there is none, and which there are.
  return Promise.all(paths.map((path) => findRun(path, storage)));
}

/** As many of the name's last parts as the pattern has. */
function ending(name: string, pattern: string): string {
  return name.split('/').slice(-pattern.split('/').length).join('/');
}

function isRun(path: string): boolean {
  return (
    path.endsWith('manifest.json') ||
    statSync(join(path, 'manifest.json'), { throwIfNoEntry: false }) !== undefined
  );
}
