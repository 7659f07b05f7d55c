/** `flow cache rm`: removes single entries of the local cache. */
import { type Removal, removeEntries } from '../../../cache/collect-garbage.ts';
import { type CacheSurvey, type Surveyed, surveyCache } from '../../../cache/survey-cache.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { isConfirmed } from '../confirmation.ts';
import { jsonLine } from '../json-line.ts';
import { entryDocument, entryTable, totalText } from './entry-table.ts';
import { type CacheFlags, openCache } from './open-cache.ts';
import { refuseWhileUsed } from './refuse-while-used.ts';
import { selectEntries } from './select-entries.ts';

export interface RmFlags extends CacheFlags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** @throws {FlowError} `config_invalid` if a word names nothing, a build is running, or nobody can be asked */
export async function rmCommand(words: readonly string[], flags: RmFlags): Promise<void> {
  using cache = await openCache(flags);
  if (!flags.dryRun) refuseWhileUsed(cache.stores.folder, 'remove from this cache');
  const survey = await surveyCache(cache.stores);
  const entries = withTheirBytes(selectEntries(words, survey), survey);
  if (!flags.dryRun && !flags.yes && !(await isAgreed(entries))) return;
  if (!flags.dryRun) await removeEntries(toRemovals(entries), cache.stores);
  const heading = `${flags.dryRun ? 'Would remove' : 'Removed'} ${totalText(entries)}:`;
  process.stdout.write(
    flags.json
      ? jsonLine({ is_dry_run: flags.dryRun ?? false, removed: entries.map(entryDocument) })
      : listing(heading, entries),
  );
}

function toRemovals(entries: readonly Surveyed[]): Removal[] {
  return entries.map((candidate) => ({ candidate, reason: 'removed' }));
}

function listing(heading: string, entries: readonly Surveyed[]): string {
  const lines = entryTable(entries, { nowMs: Date.now() });
  return printable(`${[heading, ...lines.map((line) => `  ${line}`)].join('\n')}\n`);
}

async function isAgreed(entries: readonly Surveyed[]): Promise<boolean> {
  if (!process.stdin.isTTY) throw notConfirmed(totalText(entries));
  process.stderr.write(listing('To remove:', entries));
  if (await isConfirmed(`Remove ${totalText(entries)}?`)) return true;
  process.stderr.write('Nothing was removed.\n');
  return false;
}

/** With results go those of their bytes that no other one names; bytes that were named themselves go in any case. */
function withTheirBytes(chosen: ReadonlySet<Surveyed>, { blobs }: CacheSurvey): Surveyed[] {
  const keys = new Set([...chosen].map(({ id }) => id));
  const isShared = (entry: Surveyed): boolean =>
    entry.what === 'blob' &&
    entry.namedBy.some((key) => keys.has(key)) &&
    !entry.namedBy.every((key) => keys.has(key));
  const own = blobs.filter(({ namedBy }) => namedBy.length > 0 && namedBy.every((key) => keys.has(key)));
  return [...new Set([...[...chosen].filter((entry) => !isShared(entry)), ...own])];
}

function notConfirmed(total: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot remove ${total}: nobody can be asked whether to.`,
    fix: 'Add --yes; --dry-run shows what would go.',
  });
}
