/** The entries of a cache that words name: components, keys of results and digests of bytes, or their beginnings. */
import type { CacheSurvey, Surveyed } from '../../../cache/survey-cache.ts';
import { FlowError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';

const beginning = /^(?:b3:)?([0-9a-f]{6,64})$/;

/** @throws {FlowError} `config_invalid` if a word names nothing */
export function selectEntries(words: readonly string[], survey: CacheSurvey): ReadonlySet<Surveyed> {
  return new Set(words.flatMap((word) => entriesNamed(word, survey)));
}

function entriesNamed(word: string, { blobs, results }: CacheSurvey): Surveyed[] {
  const all: readonly Surveyed[] = [...results, ...blobs];
  const ofComponent = all.filter(({ component }) => component === word);
  if (ofComponent.length > 0) return ofComponent;
  const [, hex] = beginning.exec(word) ?? [];
  const found = hex === undefined ? [] : all.filter((entry) => isNamed(entry, `b3:${hex}`));
  if (found.length > 0) return found;
  throw notFound(
    word,
    results.map(({ component }) => component),
  );
}

/** Bytes that lie in a result are found by their digest, too. */
function isNamed(entry: Surveyed, start: string): boolean {
  if (entry.id.startsWith(start)) return true;
  return (
    entry.what === 'result' &&
    Object.values(entry.outputs).some(
      ({ digest, inline }) => inline !== undefined && digest.startsWith(start),
    )
  );
}

function notFound(word: string, components: readonly string[]): FlowError {
  const near = nearest(word, [...new Set(components)]);
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot find "${word}" in the cache.`,
    fix: near
      ? `Write "${near}".`
      : 'Name a component, or six digits or more that a key or digest begins with: `flow cache ls` shows them.',
  });
}
