/** Draws the baseline stage of the built-in graph into `docs/baseline.svg`: `node scripts/draw-graph.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '..');

/** Where the picture lies. */
export const picturePath = resolve(root, 'docs/baseline.svg');

interface Graph {
  readonly components: Readonly<
    Record<string, { readonly processor: string; readonly inputs: Readonly<Record<string, string>> }>
  >;
  readonly stages: { readonly baseline: { readonly components: readonly string[] } };
}

interface Box {
  readonly name: string;
  readonly processor: string;
  /** Names of the boxes that it takes from. */
  readonly sources: readonly string[];
  readonly x: number;
  readonly y: number;
}

const box = { width: 152, height: 40 };
const gap = { x: 56, y: 24 };
const margin = 20;
const legendHeight = 40;

const colours: Readonly<Record<string, { fill: string; line: string }>> = {
  source: { fill: '#f4f4f5', line: '#71717a' },
  segmenter: { fill: '#e0f2fe', line: '#0369a1' },
  audio: { fill: '#dcfce7', line: '#15803d' },
  visual: { fill: '#ffedd5', line: '#c2410c' },
};

/** The picture as SVG: the same graph gives the same text. */
export function drawBaseline(): string {
  const graph = parse(readFileSync(resolve(root, 'graphs/component_graph.yaml'), 'utf8')) as Graph;
  const boxes = placeBoxes(graph);
  const width = Math.max(...boxes.map(({ x }) => x)) + box.width + margin;
  const height = Math.max(...boxes.map(({ y }) => y)) + box.height + margin + legendHeight;
  const byName = new Map(boxes.map((one) => [one.name, one]));
  const arrows = boxes.flatMap((to) => to.sources.map((name) => drawArrow(byName.get(name)!, to)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    '<title>The components of the baseline stage and what they take from each other</title>',
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#71717a"/></marker></defs>',
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...arrows,
    ...boxes.map(drawBox),
    ...drawLegend(height - legendHeight + 8),
    '</svg>',
    '',
  ].join('\n');
}

/** A column for each step from the video; in a column, beside what a box takes from. */
function placeBoxes({ components, stages }: Graph): Box[] {
  const names = ['video', ...stages.baseline.components];
  const sourcesOf = (name: string): string[] => [
    ...new Set(Object.values(components[name]?.inputs ?? {}).map((from) => from.split('.')[0]!)),
  ];
  const depthOf = (name: string): number => 1 + Math.max(-1, ...sourcesOf(name).map(depthOf));
  const columns = Map.groupBy(names, depthOf);
  const rows = Math.max(...[...columns.values()].map((column) => column.length));
  const placed = new Map<string, Box>();
  for (const [depth, column] of [...columns].sort(([a], [b]) => a - b)) {
    const pull = (name: string): number => mean(sourcesOf(name).map((from) => placed.get(from)?.y ?? 0));
    const top = margin + ((rows - column.length) * (box.height + gap.y)) / 2;
    for (const [row, name] of column.sort((a, b) => pull(a) - pull(b)).entries()) {
      placed.set(name, {
        name,
        processor: components[name]?.processor ?? 'source',
        // An arrow from the video to each component that has other sources too would only cross the picture.
        sources: sourcesOf(name).filter((from) => from !== 'video' || depth === 1),
        x: margin + depth * (box.width + gap.x),
        y: top + row * (box.height + gap.y),
      });
    }
  }
  return [...placed.values()];
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
}

function drawBox({ name, processor, x, y }: Box): string {
  const { fill, line } = colours[processor] ?? colours['source']!;
  return `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6" fill="${fill}" stroke="${line}"/><text x="${x + box.width / 2}" y="${y + box.height / 2 + 4.5}" text-anchor="middle" fill="#18181b">${name}</text>`;
}

function drawArrow(from: Box, to: Box): string {
  const [x1, y1] = [from.x + box.width, from.y + box.height / 2];
  const [x2, y2] = [to.x - 2, to.y + box.height / 2];
  return `<path d="M${x1} ${y1}C${x1 + gap.x / 2} ${y1} ${x2 - gap.x / 2} ${y2} ${x2} ${y2}" fill="none" stroke="#71717a" marker-end="url(#tip)"/>`;
}

function drawLegend(y: number): string[] {
  return Object.entries(colours)
    .filter(([processor]) => processor !== 'source')
    .map(([processor, { fill, line }], index) => {
      const x = margin + index * 110;
      return `<rect x="${x}" y="${y}" width="14" height="14" rx="3" fill="${fill}" stroke="${line}"/><text x="${x + 20}" y="${y + 11.5}" fill="#3f3f46">${processor}</text>`;
    });
}

if (import.meta.main) writeFileSync(picturePath, drawBaseline());
