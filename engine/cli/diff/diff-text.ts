/** The differences of two runs, for people. */
import { isDigest } from '../../core/digest.ts';
import type { JsonChange } from '../../core/json-changes.ts';
import { digestText } from '../digest-text.ts';
import { counted, sizeText } from '../duration-text.ts';
import { cut, shapeText } from '../inspect/array-table.ts';
import { numberText } from '../inspect/number-text.ts';
import { type Screen, styled } from '../screen.ts';
import { oneLine } from '../short-names.ts';
import { type Column, fitting, tableWidth, textTable } from '../text-table.ts';
import { wrapped } from '../wrapped.ts';
import type { ArrayDiff, OutputDiff } from './compare-outputs.ts';
import type { ComponentDiff, RunDiff, RunSide } from './compare-runs.ts';

const mostChanges = 20;

export function diffText(a: RunSide, b: RunSide, diff: RunDiff, screen: Screen): string {
  const lines = [
    ...textTable([
      { title: '', cells: ['a', 'b'] },
      { title: 'RUN', cells: [a, b].map(({ name }) => oneLine(name)) },
      { title: 'STATUS', cells: [a, b].map(({ manifest }) => manifest.run.status) },
      { title: 'STARTED', cells: [a, b].map(({ manifest }) => startOf(manifest.run.created_at)) },
    ]),
    ...(diff.run.length > 0 ? ['', styled(screen, 'bold', 'run'), ...changeLines(diff.run, screen)] : []),
    ...diff.components.flatMap((component) => ['', ...componentLines(component, screen)]),
    '',
    totalText(diff),
  ];
  return `${lines.join('\n')}\n`;
}

/** '2026-01-31 12:00:05', in UTC as in the manifest. */
function startOf(time: string): string {
  return oneLine(time).slice(0, 19).replace('T', ' ');
}

function totalText({ is_same, components, equal_outputs }: RunDiff): string {
  const differing = components.reduce((sum, { outputs }) => sum + outputs.length, 0);
  const equal = `${counted(equal_outputs.length, 'output')} equal`;
  if (is_same) return `nothing differs: ${equal}`;
  return `${equal}${differing > 0 ? `, ${differing} ${differing === 1 ? 'differs' : 'differ'}` : ''}`;
}

function componentLines({ name, only_in, changes, outputs }: ComponentDiff, screen: Screen): string[] {
  const title = styled(screen, 'bold', oneLine(name));
  if (only_in !== undefined) return [`${title}  only in ${only_in}`];
  return [
    title,
    ...changeLines(changes, screen),
    ...outputs.flatMap((output) => outputLines(output, screen)),
  ];
}

function changeLines(changes: readonly JsonChange[], { columns }: Screen): string[] {
  const rows = changeRows(changes);
  const shown = rows.slice(0, mostChanges);
  const width = Math.max(0, ...shown.map(([path]) => path.length));
  const lines = shown.map(([path, text]) => cut(`  ${path.padEnd(width)}  ${text}`, columns));
  return rows.length > mostChanges ? [...lines, `  … and ${rows.length - mostChanges} more: --json`] : lines;
}

const mostOfList = 2;

/** Path and text of each change; where many entries of one list have changed, one row for all of them. */
function changeRows(changes: readonly JsonChange[]): [path: string, text: string][] {
  const byList = Map.groupBy(changes, ({ path }) => path.replace(/\[\d+\]$/, '[…]'));
  return [...byList].flatMap(([list, inList]) => {
    if (inList.length <= mostOfList) return inList.map(changeRow);
    const [, first] = changeRow(inList[0]!);
    return [[oneLine(list), `${inList.length} entries, the first: ${first}`]];
  });
}

function changeRow(change: JsonChange): [path: string, text: string] {
  return [
    oneLine(change.path || 'document'),
    `${valueText(change, 'before')} → ${valueText(change, 'after')}`,
  ];
}

const mostOfValue = 60;

function valueText(change: JsonChange, side: 'before' | 'after'): string {
  if (!(side in change) || change[side] === undefined) return 'none';
  const value = change[side];
  if (typeof value === 'string' && isDigest(value)) return digestText(value);
  return cut(oneLine(typeof value === 'string' ? value : JSON.stringify(value)), mostOfValue);
}

export function outputLines(output: OutputDiff, screen: Screen): string[] {
  const path = oneLine(output.path);
  switch (output.what) {
    case 'only_a':
      return [`  ${path}  only in a`];
    case 'only_b':
      return [`  ${path}  only in b`];
    case 'bytes':
      return [`  ${path}  other bytes: ${sizesText(output.bytes)}`];
    case 'meta':
      return [`  ${path}  same arrays, ${metaText(output.meta ?? [])}`];
    case 'json': {
      const changes = output.changes ?? [];
      return [`  ${path}  ${counted(changes.length, 'change')}`, ...indented(changeLines(changes, screen))];
    }
    case 'arrays':
      return [
        `  ${path}`,
        ...indented(arrayLines(output.arrays ?? [], screen)),
        ...equalLines(output.equal_arrays ?? [], screen),
      ];
    default:
      return output.what satisfies never;
  }
}

function sizesText(bytes: OutputDiff['bytes']): string {
  return bytes ? `${sizeText(bytes.a)} → ${sizeText(bytes.b)}` : '';
}

function metaText(meta: readonly JsonChange[]): string {
  const keys = [...new Set(meta.map(({ path }) => path.split(/[.[]/)[0]))];
  return keys.length > 0 ? `other meta: ${keys.join(', ')}` : 'other bytes';
}

function equalLines(names: readonly string[], { columns }: Screen): string[] {
  if (names.length === 0) return [];
  return [`    equal: ${wrapped(names.map(oneLine).join(', '), { indent: 11, width: columns })}`];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function arrayLines(arrays: readonly ArrayDiff[], { columns }: Screen): string[] {
  const column = (title: string, pick: (array: ArrayDiff) => string): Column => ({
    title,
    cells: arrays.map(pick),
  });
  const right = (title: string, pick: (array: ArrayDiff) => string): Column => ({
    ...column(title, pick),
    isRight: true,
  });
  const isWhole = arrays.every(({ compared = 'all' }) => compared === 'all');
  const hasNan = arrays.some(({ nan_in_one_count = 0 }) => nan_in_one_count > 0);
  const all: Column[] = [
    column('ARRAY', ({ name }) => oneLine(name)),
    column('SHAPE', formText),
    ...(isWhole ? [] : [column('ROWS', ({ compared }) => (compared ? rowsTexts[compared] : ''))]),
    right('DIFFER', differText),
    ...(hasNan ? [right('NAN IN ONE', ({ nan_in_one_count }) => String(nan_in_one_count ?? ''))] : []),
    right('MAX', ({ max_abs }) => figure(max_abs)),
    { ...right('MEAN', ({ mean_abs }) => figure(mean_abs)), dropRank: 2 },
    { ...right('COSINE', ({ cosine }) => figure(cosine, 6)), dropRank: 1 },
  ];
  const widest = columns - 4;
  const [largest, place] = [column('LARGEST', largestText), column('LARGEST', placeText)];
  const last = tableWidth([...all, largest]) <= widest ? largest : place;
  return textTable(fitting([...all, last], widest)).map((line) => `  ${cut(line, widest)}`);
}

const rowsTexts: Readonly<Record<NonNullable<ArrayDiff['compared']>, string>> = {
  all: 'all',
  prefix: 'prefix',
  times: 'times',
  none: 'none',
};

function figure(value: number | null | undefined, digits = 4): string {
  return value === undefined ? '' : numberText(value, digits);
}

/** '[5]', '[5] → [6]', 'float32 → float64 [5]'. */
function formText({ a, b }: ArrayDiff): string {
  if (!a || !b) return `only in ${a ? 'a' : 'b'}`;
  const [before, after] = [shapeText(a.shape), shapeText(b.shape)];
  const type = a.dtype === b.dtype ? '' : `${a.dtype} → ${b.dtype} `;
  return `${type}${before === after ? before : `${before} → ${after}`}`;
}

function differText({ compared, compared_count = 0, differing_count = 0 }: ArrayDiff): string {
  if (compared === undefined || compared === 'none') return '';
  return `${differing_count} of ${compared_count}`;
}

/** '[12, 3] 1.2 s: 0.4 → 0.6'. */
function largestText(array: ArrayDiff): string {
  if (!array.values) return '';
  const { a, b } = array.values;
  return `${placeText(array)}: ${elementText(a)} → ${elementText(b)}`;
}

/** '[12, 3] 1.2 s'. */
function placeText({ at, at_sec }: ArrayDiff): string {
  return `${at ? shapeText(at) : ''}${at_sec === undefined ? '' : ` ${numberText(at_sec)} s`}`;
}

function elementText(element: NonNullable<ArrayDiff['values']>['a']): string {
  return typeof element === 'string' ? oneLine(JSON.stringify(element)) : numberText(element, 4);
}
