import { sizeText } from '../duration-text.ts';
import { textTable } from '../text-table.ts';
import type { Comparison } from './compare-models.ts';

/** A comparison for people. */
export function comparisonText(comparison: Comparison): string {
  const { a, b, speedRatio, shown } = comparison;
  const sides = textTable([
    { title: 'MODEL', cells: [a.model, b.model] },
    { title: 'SIZE', cells: [a, b].map(({ bytes }) => sizeText(bytes)), isRight: true },
    { title: 'OF THE FIRST', cells: ['', `${((100 * b.bytes) / a.bytes).toFixed(0)} %`], isRight: true },
    { title: 'MS PER ITEM', cells: [a, b].map(({ itemMs }) => itemMs.toFixed(2)), isRight: true },
    { title: 'SPEED', cells: ['', `${speedRatio.toFixed(2)} ×`], isRight: true },
  ]);
  const on = shown === 'films' ? 'the frames' : 'noise: name films with --frames';
  return [...sides, '', ...outputLines(comparison, on), ...boxLines(comparison), ''].join('\n');
}

function outputLines({ outputs }: Comparison, on: string): string[] {
  const rows = Object.entries(outputs);
  if (rows.length === 0) return ['The outputs cannot be compared: the models take or give other tensors.'];
  const cells = (pick: (one: (typeof rows)[number][1]) => string): string[] =>
    rows.map(([, one]) => pick(one));
  return [
    `Agreement on ${on}`,
    ...textTable([
      { title: 'OUTPUT', cells: rows.map(([name]) => name) },
      { title: 'ITEMS', cells: cells(({ items }) => String(items)), isRight: true },
      { title: 'COSINE', cells: cells(({ meanCosine }) => meanCosine.toFixed(5)), isRight: true },
      { title: 'LEAST', cells: cells(({ minCosine }) => minCosine.toFixed(5)), isRight: true },
      {
        title: 'LARGEST ERROR',
        cells: cells(({ maxAbsError }) => maxAbsError.toPrecision(3)),
        isRight: true,
      },
      { title: 'RELATIVE', cells: cells(({ relativeError }) => relativeError.toPrecision(3)), isRight: true },
    ]),
  ];
}

function boxLines({ boxes }: Comparison): string[] {
  return Object.entries(boxes).map(([name, { expected, found, recall, precision, meanIou }]) => {
    if (expected === 0 && found === 0) return `${name}: neither finds anything`;
    return `${name}: ${expected} and ${found}; recall ${share(recall)}, precision ${share(precision)}, mean IoU ${share(meanIou)}`;
  });
}

function share(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(3);
}
