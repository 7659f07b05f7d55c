/** Entries of the cache as a person reads them, and as data. */
import type { Surveyed } from '../../../cache/survey-cache.ts';
import { digestText } from '../digest-text.ts';
import { sizeText } from '../duration-text.ts';
import { ageText } from '../runs/age-text.ts';
import { type Column, textTable } from '../text-table.ts';

/** @param more columns behind the others */
export function entryTable(
  entries: readonly Surveyed[],
  { nowMs, more = [] }: { readonly nowMs: number; readonly more?: readonly Column[] },
): string[] {
  const cells = (cell: (entry: Surveyed) => string): string[] => entries.map(cell);
  return textTable([
    { title: 'WHAT', cells: cells(whatText) },
    { title: 'COMPONENT', cells: cells(({ component }) => component ?? '-') },
    { title: 'NAME', cells: cells(({ id }) => digestText(id)) },
    { title: 'SIZE', cells: cells(({ sizeBytes }) => sizeText(sizeBytes)), isRight: true },
    { title: 'LAST USED', cells: cells(({ lastUsedAtMs }) => ageText(timeOf(lastUsedAtMs), nowMs)) },
    ...more,
  ]);
}

/** '3 entries, 1.2 MiB'. */
export function totalText(entries: readonly { readonly sizeBytes: number }[]): string {
  const bytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${entries.length === 1 ? '1 entry' : `${entries.length} entries`}, ${sizeText(bytes)}`;
}

function whatText({ what, rank }: Surveyed): string {
  return what === 'blob' && rank === 'spilled' ? 'spilled' : what;
}

export interface EntryDocument {
  readonly what: Surveyed['what'];
  /** Of a result its key, of a blob its digest. */
  readonly id: string;
  readonly component: string | null;
  readonly bytes: number;
  readonly last_used: string;
  /** Of a blob: the keys of the results that name it; none of spilled bytes. */
  readonly named_by?: readonly string[];
  /** Of a result: the digests of its outputs. */
  readonly outputs?: Readonly<Record<string, string>>;
}

export function entryDocument(entry: Surveyed): EntryDocument {
  const { what, id, component, sizeBytes, lastUsedAtMs } = entry;
  return {
    what,
    id,
    component: component ?? null,
    bytes: sizeBytes,
    last_used: timeOf(lastUsedAtMs),
    ...(entry.what === 'blob'
      ? { named_by: entry.namedBy }
      : {
          outputs: Object.fromEntries(
            Object.entries(entry.outputs).map(([name, { digest }]) => [name, digest]),
          ),
        }),
  };
}

/** @param atMs milliseconds since 1970 */
export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
