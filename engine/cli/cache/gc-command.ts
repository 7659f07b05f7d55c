/** `flow cache gc`: brings the local cache within its limits at once, or shows what would go. */

import { collectionLease } from '../../../cache/cache-keeper.ts';
import { type CollectionPlan, collectGarbage, planCollection } from '../../../cache/collect-garbage.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { entryDocument, entryTable, totalText } from './entry-table.ts';
import { type CacheFlags, type OpenedCache, openCache } from './open-cache.ts';
import { reasonText } from './reason-text.ts';

export interface GcFlags extends CacheFlags {
  readonly dryRun?: boolean;
}

type Going = Pick<CollectionPlan, 'evictions' | 'leftovers'> & {
  /** What the cache holds without them. */
  readonly usedBytes: number;
};

/** @throws {FlowError} `config_invalid` if another process collects at this moment */
export async function gcCommand(flags: GcFlags): Promise<void> {
  using cache = await openCache(flags);
  const { dryRun: isDryRun = false } = flags;
  const going = isDryRun ? await foresee(cache) : await collect(cache);
  process.stdout.write(
    flags.json
      ? jsonLine(document(going, { isDryRun }))
      : printable(`${textOf(going, cache, { isDryRun }).join('\n')}\n`),
  );
}

async function foresee({ stores, limits, space }: OpenedCache): Promise<Going> {
  const { survey, evictions, leftovers } = await planCollection(stores, { limits, space });
  const bytes = [...evictions.map(({ candidate }) => candidate), ...leftovers];
  const usedBytes = bytes.reduce((left, { sizeBytes }) => left - sizeBytes, survey.usedBytes);
  return { evictions, leftovers, usedBytes };
}

async function collect({ stores, limits, space }: OpenedCache): Promise<Going> {
  const { leases } = stores;
  if (!leases.acquire(collectionLease)) throw isCollecting(leases.holder(collectionLease));
  try {
    return await collectGarbage(stores, { limits, space });
  } finally {
    leases.release(collectionLease);
  }
}

const mostShown = 20;

function textOf(
  { evictions, leftovers, usedBytes }: Going,
  { limits }: OpenedCache,
  { isDryRun }: { readonly isDryRun: boolean },
): string[] {
  const entries = evictions.map(({ candidate }) => candidate);
  const all = [...entries, ...leftovers];
  const after = `the cache ${isDryRun ? 'would hold' : 'holds'} ${sizeText(usedBytes)}, its ceiling is ${sizeText(limits.ceilingBytes)}`;
  if (all.length === 0) return [`There is nothing to collect: ${after}.`];
  const shown = evictions.slice(0, mostShown);
  const why = { title: 'WHY', cells: shown.map(({ reason }) => reasonText(reason)) };
  const table = entryTable(
    shown.map(({ candidate }) => candidate),
    { nowMs: Date.now(), more: [why] },
  );
  const rest = evictions.length - shown.length;
  return [
    `${isDryRun ? 'Would collect' : 'Collected'} ${totalText(all)}; ${after}.`,
    ...(shown.length > 0 ? table.map((line) => `  ${line}`) : []),
    ...(rest > 0 ? [`  and ${rest} more; --json lists them all`] : []),
    ...(leftovers.length > 0 ? [`  ${counted(leftovers.length, 'file')} that nobody can use any more`] : []),
  ];
}

function document(
  { evictions, leftovers, usedBytes }: Going,
  { isDryRun }: { readonly isDryRun: boolean },
): Record<string, unknown> {
  return {
    is_dry_run: isDryRun,
    used_bytes: usedBytes,
    evicted: evictions.map(({ candidate, reason }) => ({ ...entryDocument(candidate), reason })),
    leftovers: leftovers.map(({ what, path, sizeBytes }) => ({ what, path, bytes: sizeBytes })),
  };
}

function isCollecting(pid: number | undefined): FlowError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot collect: ${who} is collecting this cache at the moment.`,
    fix: 'Wait for its end; --dry-run shows what is left to do.',
  });
}
