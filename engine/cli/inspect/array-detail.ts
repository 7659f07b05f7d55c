/** One array at full width: statistics, quantiles, values, course or map, histogram. */
import { quantilesOf, statisticsOf } from '../../core/array-statistics.ts';
import { isText, type NumberArray, type NumberElements } from '../../core/numpy-array.ts';
import { counted, sizeText } from '../duration-text.ts';
import { type Screen, styled } from '../screen.ts';
import { oneLine } from '../short-names.ts';
import { textTable } from '../text-table.ts';
import { type ArrayFacts, histogramFor, quantileShares } from './array-facts.ts';
import { cut, shapeText } from './array-table.ts';
import { heatMap } from './heat-map.ts';
import { numberText } from './number-text.ts';
import { isFrames, picture } from './picture.ts';
import { chart, rowMeans } from './sparkline.ts';

const chartLines = 4;
const mapLines = 16;
const mostTexts = 20;

/** @param times seconds of the rows, if the file has them */
export function arrayDetail(
  { name, array }: ArrayFacts,
  times: NumberElements | undefined,
  screen: Screen,
): string[] {
  const { dtype, shape, data } = array;
  const title = `${styled(screen, 'bold', oneLine(name))}  ${dtype} ${shapeText(shape)}`;
  const head = `${title}  ${counted(data.length, 'element')}, ${sizeText(array.sizeBytes)}`;
  if (isText(array)) return [head, ...textLines(array.data, screen)];
  if (data.length === 0) return [head];
  if (data.length === 1) return [head, '', `  ${numberText(array.data[0])}`];
  const parts = [
    statisticsLines(array.data),
    endsOf(array.data, screen),
    drawing(array, times, screen),
    histogramLines(array.data, screen),
  ];
  return [head, ...parts.flatMap((lines) => (lines.length > 0 ? ['', ...lines] : []))];
}

function textLines(texts: readonly string[], { columns }: Screen): string[] {
  const width = String(texts.length).length;
  const shown = texts
    .slice(0, mostTexts)
    .map((text, index) => cut(`  ${String(index).padStart(width)}  ${oneLine(text)}`, columns));
  return ['', ...shown, ...(texts.length > mostTexts ? [`  … and ${texts.length - mostTexts} more`] : [])];
}

function statisticsLines(data: NumberElements): string[] {
  const { min, max, mean, std, nanCount, infiniteCount } = statisticsOf(data);
  const figures: [string, string][] = [
    ['min', numberText(min)],
    ...quantilesOf(data, quantileShares).map((value, index): [string, string] => [
      `${quantileShares[index]! * 100} %`,
      numberText(value),
    ]),
    ['max', numberText(max)],
  ];
  const others = [
    `mean ${numberText(mean)}`,
    `std ${numberText(std)}`,
    `NaN ${nanCount}`,
    ...(infiniteCount > 0 ? [`infinite ${infiniteCount}`] : []),
  ];
  const table = textTable(figures.map(([title, cell]) => ({ title, cells: [cell], isRight: true })));
  return [...table, others.join('   ')].map((line) => `  ${line}`);
}

/** The first and the last values, as many as have room in a line. */
function endsOf(data: NumberElements, { columns }: Screen): string[] {
  const room = columns - '  first  '.length - 2;
  const first = fitting(room, (index) => data[index], data.length);
  const last = fitting(room, (index) => data[data.length - 1 - index], data.length).reverse();
  if (first.length === data.length) return [`  all    ${first.join(' ')}`];
  return [`  first  ${first.join(' ')} …`, `  last   … ${last.join(' ')}`];
}

function fitting(
  room: number,
  valueAt: (index: number) => number | bigint | undefined,
  count: number,
): string[] {
  const texts: string[] = [];
  let left = room;
  for (let index = 0; index < count; index += 1) {
    const text = numberText(valueAt(index));
    left -= text.length + 1;
    if (left < 0) break;
    texts.push(text);
  }
  return texts;
}

function drawing(array: NumberArray, times: NumberElements | undefined, screen: Screen): string[] {
  if (isFrames(array)) return picture(array, screen, { widest: screen.columns, lines: mapLines });
  if (array.shape.length === 2 && array.shape[1]! > 1) {
    const map = heatMap(array, screen, mapLines);
    const width = Math.min(array.shape[0]!, screen.columns);
    return [
      ...map,
      axisText(array.shape[0]!, times, width),
      `second axis downwards, 0 … ${array.shape[1]! - 1}`,
    ];
  }
  return chartOf(rowMeans(array), times, screen);
}

function chartOf(
  values: readonly number[],
  times: NumberElements | undefined,
  { columns }: Screen,
): string[] {
  const { min, max } = statisticsOf(Float64Array.from(values));
  const labels = [numberText(max), numberText(min)];
  const gutter = Math.max(...labels.map(({ length }) => length)) + 2;
  const width = columns - gutter - 1;
  const lines = chart(values, { width, lines: chartLines });
  return [
    ...lines.map((line, index) => {
      const label = index === 0 ? labels[0]! : index === chartLines - 1 ? labels[1]! : '';
      return `${label.padStart(gutter)} ${line}`.trimEnd();
    }),
    `${' '.repeat(gutter + 1)}${axisText(values.length, times, Math.min(width, values.length))}`,
  ];
}

/** What the left and the right end stand for: seconds, or places of the first axis. */
function axisText(length: number, times: NumberElements | undefined, width: number): string {
  const [first, last] = times
    ? [`${numberText(times[0])} s`, `${numberText(times[length - 1])} s`]
    : ['0', String(length - 1)];
  const room = width - first.length - last.length;
  return room < 1 ? `${first} … ${last}` : `${first}${' '.repeat(room)}${last}`;
}

function histogramLines(data: NumberElements, { columns }: Screen): string[] {
  const { edges, counts } = histogramFor(data);
  if (counts.length < 2) return [];
  const labels = counts.map((_, bin) => numberText(edges[bin]));
  const labelWidth = Math.max(...labels.map(({ length }) => length));
  const countWidth = Math.max(...counts.map((count) => String(count).length));
  const room = Math.min(60, columns - labelWidth - countWidth - 6);
  const most = Math.max(...counts);
  return counts.map((count, bin) => {
    const bar = barOf(count / most, room);
    return `  ${labels[bin]!.padStart(labelWidth)}  ${String(count).padStart(countWidth)}  ${bar}`.trimEnd();
  });
}

const partBlocks = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar in eighths of a character; what is not nothing is seen. */
function barOf(share: number, room: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * room * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + partBlocks[eighths % 8]!;
}
