/** `flow cache stats`: how much the local cache holds, what its limits are, and what they mean at the moment. */
import type { NoteSum } from '../../../cache/sqlite-cache-records.ts';
import { type CacheSurvey, type Leftover, surveyCache } from '../../../cache/survey-cache.ts';
import { printable } from '../../core/errors.ts';
import { cacheHolders } from '../../io/cache-hold.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { ageText } from '../runs/age-text.ts';
import { shown } from '../shown-path.ts';
import { textTable } from '../text-table.ts';
import { timeOf } from './entry-table.ts';
import { type CacheFlags, type OpenedCache, openCache } from './open-cache.ts';
import { reasonText } from './reason-text.ts';

interface Sum {
  readonly count: number;
  readonly bytes: number;
}

/** What is shown and printed as JSON, under the names of the JSON. */
interface Stats {
  readonly folder: string;
  readonly blobs: Sum;
  readonly spilled: Sum;
  readonly results: Sum;
  readonly half_written: Sum;
  readonly quarantine: Sum;
  readonly used_bytes: number;
  readonly oldest_use: string | null;
  readonly newest_use: string | null;
  readonly limits: {
    readonly floor_bytes: number;
    readonly min_free_bytes: number;
    readonly ceiling_bytes: number;
    readonly max_age_ms: number | null;
  };
  readonly disk: { readonly free_bytes: number; readonly total_bytes: number } | null;
  readonly used_by: readonly string[];
  /** Of the last 30 days. */
  readonly evicted: readonly (Sum & { readonly reason: string; readonly latest: string })[];
}

const recentMs = 30 * 24 * 3_600_000;

export async function statsCommand(flags: CacheFlags): Promise<void> {
  using cache = await openCache(flags);
  const stats = statsOf(await surveyCache(cache.stores), cache);
  process.stdout.write(flags.json ? jsonLine(stats) : printable(`${textOf(stats).join('\n')}\n`));
}

function statsOf(survey: CacheSurvey, { stores, limits, space }: OpenedCache): Stats {
  const { blobs, results, leftovers, usedBytes } = survey;
  const uses = [...blobs, ...results].map(({ lastUsedAtMs }) => lastUsedAtMs).sort((a, b) => a - b);
  const leftoversOf = (...kinds: Leftover['what'][]): Sum =>
    sumOf(leftovers.filter(({ what }) => kinds.includes(what)));
  return {
    folder: stores.folder,
    blobs: sumOf(blobs.filter(({ rank }) => rank !== 'spilled')),
    spilled: sumOf(blobs.filter(({ rank }) => rank === 'spilled')),
    results: sumOf(results),
    half_written: leftoversOf('temporary', 'part'),
    quarantine: leftoversOf('quarantine'),
    used_bytes: usedBytes,
    oldest_use: uses.length > 0 ? timeOf(uses[0]!) : null,
    newest_use: uses.length > 0 ? timeOf(uses.at(-1)!) : null,
    limits: {
      floor_bytes: limits.floorBytes,
      min_free_bytes: limits.minFreeBytes,
      ceiling_bytes: limits.ceilingBytes,
      max_age_ms: limits.maxAgeMs ?? null,
    },
    disk: space ? { free_bytes: space.freeBytes, total_bytes: space.totalBytes } : null,
    used_by: cacheHolders(stores.folder).map(({ name }) => name),
    evicted: stores.records.sums('evicted', Date.now() - recentMs).map(toEvicted),
  };
}

function toEvicted({ reason, count, bytes, at }: NoteSum): Stats['evicted'][number] {
  return { reason, count, bytes, latest: timeOf(at) };
}

function sumOf(things: readonly { readonly sizeBytes: number }[]): Sum {
  return { count: things.length, bytes: things.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

function textOf(stats: Stats): string[] {
  const { folder, used_by, evicted } = stats;
  return [
    shown(folder),
    ...indented(contentsTable(stats)),
    '',
    'Limits, the stronger first:',
    ...indented(limitLines(stats)),
    ...(evicted.length > 0
      ? ['', 'Evicted in the last 30 days:', ...indented(evicted.map(evictedLine))]
      : []),
    ...(used_by.length > 0 ? ['', `Used at the moment by ${used_by.join(', ')}.`] : []),
  ];
}

function contentsTable(stats: Stats): string[] {
  const { blobs, spilled, results, half_written, quarantine, used_bytes, oldest_use, newest_use } = stats;
  const rows: [name: string, sum: Sum, about: string][] = [
    ['blobs', blobs, 'outputs of actions'],
    ['spilled', spilled, 'bytes that no result names: the first to go'],
    ['results', results, 'what actions gave, with outputs of a few KiB'],
    ['half-written', half_written, 'files of builds and downloads that were cut off, or go on'],
    ['quarantine', quarantine, 'damaged; kept for a week'],
  ];
  const told = rows.filter(([name, { count }]) => count > 0 || name === 'blobs' || name === 'results');
  const count = told.reduce((sum, [, one]) => sum + one.count, 0);
  const nowMs = Date.now();
  const ages =
    oldest_use && newest_use
      ? `last used ${ageText(oldest_use, nowMs)} (oldest) to ${ageText(newest_use, nowMs)} (newest)`
      : 'empty';
  const all = [...told, ['in all', { count, bytes: used_bytes }, ages] as const];
  const table = textTable([
    { title: 'WHAT', cells: all.map(([name]) => name) },
    { title: 'COUNT', cells: all.map(([, sum]) => String(sum.count)), isRight: true },
    { title: 'SIZE', cells: all.map(([, sum]) => sizeText(sum.bytes)), isRight: true },
    { title: '', cells: all.map(([, , about]) => about) },
  ]);
  return table;
}

/** With each limit stands what it comes to now. */
function limitLines({ limits, used_bytes, disk }: Stats): string[] {
  const { floor_bytes, min_free_bytes, ceiling_bytes, max_age_ms } = limits;
  const isBelowFloor = used_bytes <= floor_bytes;
  const isShort = disk !== null && disk.free_bytes < min_free_bytes;
  const overBytes = used_bytes - ceiling_bytes;
  return [
    `floor     ${sizeText(floor_bytes).padStart(8)}  ${isBelowFloor ? 'the cache is below it: nothing is collected' : 'below it nothing is collected'}`,
    disk
      ? `min_free  ${sizeText(min_free_bytes).padStart(8)}  ${sizeText(disk.free_bytes)} of ${sizeText(disk.total_bytes)} are free${isShort ? ': too few' : ''}`
      : 'min_free         -  this file system does not say what is free',
    Number.isFinite(ceiling_bytes)
      ? `ceiling   ${sizeText(ceiling_bytes).padStart(8)}  ${overBytes > 0 ? `${sizeText(overBytes)} too much` : `room for ${sizeText(-overBytes)} more`}`
      : 'ceiling          -  none',
    ...(max_age_ms === null
      ? []
      : [
          `max_age   ${counted(Math.round(max_age_ms / 86_400_000), 'day').padStart(8)}  what was not used for so long goes`,
        ]),
  ];
}

function evictedLine({ count, bytes, reason, latest }: Stats['evicted'][number]): string {
  return `${count}, ${sizeText(bytes)}, because ${reasonText(reason)}; the latest ${ageText(latest, Date.now())}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
