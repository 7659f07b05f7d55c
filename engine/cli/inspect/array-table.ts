/** The arrays of a file, one a line, with their course along the first axis. */
import { isText } from '../../core/numpy-array.ts';
import { sizeText } from '../duration-text.ts';
import { oneLine } from '../short-names.ts';
import { type Column, fitting, tableWidth, textTable } from '../text-table.ts';
import type { ArrayFacts } from './array-facts.ts';
import { numberText } from './number-text.ts';
import { rowMeans, sparkline } from './sparkline.ts';

const leastCourse = 10;
const mostCourse = 48;
const digits = 4;

export function arrayTable(facts: readonly ArrayFacts[], widest: number): string[] {
  const columns = fitting(columnsOf(facts), widest - leastCourse - 2);
  const room = Math.max(leastCourse, widest - tableWidth(columns) - 2);
  const width = Math.min(mostCourse, room);
  return textTable([...columns, { title: 'COURSE', cells: facts.map((one) => courseOf(one, width)) }]);
}

function columnsOf(facts: readonly ArrayFacts[]): Column[] {
  const numbers = (
    title: string,
    pick: (statistics: NonNullable<ArrayFacts['statistics']>) => string,
    dropRank?: number,
  ): Column => ({
    title,
    cells: facts.map(({ statistics }) => (statistics ? pick(statistics) : '')),
    isRight: true,
    ...(dropRank !== undefined && { dropRank }),
  });
  const hasGaps = facts.some(({ statistics }) => (statistics?.nanCount ?? 0) > 0);
  const hasInfinite = facts.some(({ statistics }) => (statistics?.infiniteCount ?? 0) > 0);
  return [
    { title: 'ARRAY', cells: facts.map(({ name }) => oneLine(name)) },
    { title: 'TYPE', cells: facts.map(({ array }) => array.dtype) },
    { title: 'SHAPE', cells: facts.map(({ array }) => shapeText(array.shape)) },
    { title: 'SIZE', cells: facts.map(({ array }) => sizeText(array.sizeBytes)), isRight: true, dropRank: 3 },
    numbers('MIN', ({ min }) => numberText(min, digits)),
    numbers('MAX', ({ max }) => numberText(max, digits)),
    numbers('MEAN', ({ mean }) => numberText(mean, digits), 1),
    numbers('STD', ({ std }) => numberText(std, digits), 2),
    ...(hasGaps ? [numbers('NAN', ({ nanCount }) => String(nanCount))] : []),
    ...(hasInfinite ? [numbers('INF', ({ infiniteCount }) => String(infiniteCount))] : []),
  ];
}

/** '[47, 3]'; '[]' is a single value. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function courseOf({ array }: ArrayFacts, width: number): string {
  if (array.data.length === 0) return '';
  if (isText(array)) return cut(array.data.map(oneLine).join(' '), width);
  return array.shape.length === 0 ? '' : sparkline(rowMeans(array), width);
}

/** A text of at most `width` characters. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
