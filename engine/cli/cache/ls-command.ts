/** `flow cache ls`: what lies in the local cache. */
import { type Surveyed, surveyCache } from '../../../cache/survey-cache.ts';
import { printable } from '../../core/errors.ts';
import { jsonLine } from '../json-line.ts';
import { entryDocument, entryTable } from './entry-table.ts';
import { type CacheFlags, openCache } from './open-cache.ts';
import { selectEntries } from './select-entries.ts';

/** The most recently used first. @throws {FlowError} `config_invalid` if a word names nothing */
export async function lsCommand(words: readonly string[], flags: CacheFlags): Promise<void> {
  using cache = await openCache(flags);
  const survey = await surveyCache(cache.stores);
  const all: readonly Surveyed[] = [...survey.blobs, ...survey.results];
  const wanted = words.length === 0 ? all : [...selectEntries(words, survey)];
  const sorted = [...wanted].sort((a, b) => b.lastUsedAtMs - a.lastUsedAtMs || (a.id < b.id ? -1 : 1));
  process.stdout.write(
    flags.json
      ? jsonLine(sorted.map(entryDocument))
      : `${printable(entryTable(sorted, { nowMs: Date.now() }).join('\n'))}\n`,
  );
}
