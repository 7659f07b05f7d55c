/** The graph as a picture: SVG without scripts, light or dark as the reader's system is. */

import { escapeMarkup } from './escape-markup.ts';
import { type PlacedArrow, type PlacedBox, type Point, placeGraph, type Size } from './graph-layout.ts';
import { byProcessor, type GraphNode, type GraphView } from './graph-view.ts';
import { detailText, statusMeanings } from './node-text.ts';

const margin = 24;
const titleHeight = 42;
const legendHeight = 44;
const boxHeight = 46;
/** Widths of a letter: of names in the monospaced font, of all else on the average; pixels. */
const letter = { name: 7.9, small: 6.1 };
const longestName = 40;
const longestDetail = 46;

type Hue = readonly [light: string, dark: string];

const surface: Readonly<Record<'ground' | 'box' | 'text' | 'muted' | 'arrow', Hue>> = {
  ground: ['#ffffff', '#16181d'],
  box: ['#f8fafc', '#22262e'],
  text: ['#18181b', '#f4f4f5'],
  muted: ['#52525b', '#a1a1aa'],
  arrow: ['#94a3b8', '#64748b'],
};

/** Processors take these in turn; green and amber belong to statuses. */
const processorHues: readonly Hue[] = [
  ['#0284c7', '#38bdf8'],
  ['#0f766e', '#2dd4bf'],
  ['#7c3aed', '#a78bfa'],
  ['#be185d', '#f472b6'],
  ['#475569', '#94a3b8'],
  ['#4338ca', '#818cf8'],
];

const statusHues: Readonly<Record<NonNullable<GraphNode['status']>, Hue>> = {
  cached: ['#16a34a', '#4ade80'],
  to_run: ['#d97706', '#fbbf24'],
  unknown: ['#a1a1aa', '#71717a'],
};

/** The same view gives the same text. */
export function svgOf(view: GraphView): string {
  const box = boxSize(view);
  const placed = placeGraph(view, box);
  const items = legendItems(view);
  const size = sizeOf(view, placed, items);
  const nodes = new Map(view.nodes.map((node) => [node.name, node]));
  const processors = [...byProcessor(view).keys()];
  const drawBox = (one: PlacedBox): string => {
    const node = nodes.get(one.name)!;
    return boxText(one, node, { size: box, hue: processors.indexOf(node.processor) % processorHues.length });
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" class="graph" role="img">`,
    `<title>${escapeMarkup(view.title)}</title>`,
    `<style>\n${styleText()}\n</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0.5L8 4L0 7.5z" class="tip"/></marker></defs>',
    `<rect class="ground" width="${size.width}" height="${size.height}" rx="10"/>`,
    `<text class="title" x="${margin}" y="${margin + 6}">${escapeMarkup(view.title)}</text>`,
    `<g transform="translate(${margin} ${margin + titleHeight})">`,
    ...placed.arrows.map((arrow) => arrowText(arrow, nodes)),
    ...placed.boxes.map(drawBox),
    '</g>',
    `<g transform="translate(${margin} ${size.height - legendHeight})">`,
    ...items.map(({ text }) => text),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function boxSize({ nodes }: GraphView): Size {
  const widths = nodes.flatMap((node) => [
    shortened(node.name, longestName).length * letter.name,
    shortened(detailText(node), longestDetail).length * letter.small,
  ]);
  return { width: Math.round(Math.max(120, ...widths) + 32), height: boxHeight };
}

function sizeOf({ title }: GraphView, placed: Size, items: readonly LegendItem[]): Size {
  const legendWidth = items.reduce((sum, { width }) => sum + width, 0);
  const titleWidth = title.length * letter.name;
  return {
    width: Math.ceil(Math.max(placed.width, legendWidth, titleWidth) + 2 * margin),
    height: Math.ceil(placed.height + margin + titleHeight + 24 + legendHeight),
  };
}

function boxText({ x, y }: PlacedBox, node: GraphNode, { size, hue }: { size: Size; hue: number }): string {
  const { width, height } = size;
  const classes = [
    'node',
    `processor-${hue}`,
    ...(node.status ? [`status-${node.status}`] : []),
    ...(node.isRequired ? [] : ['optional']),
    ...(node.isEnabled ? [] : ['disabled']),
  ];
  const need = node.isRequired ? 'required' : 'optional';
  const title = `${node.name} (${node.processor}, ${need}): ${detailText(node)}`;
  return [
    `<g class="${classes.join(' ')}" data-name="${escapeMarkup(node.name)}" transform="translate(${x} ${y})">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<rect class="box" width="${width}" height="${height}" rx="8"/>`,
    `<rect class="bar" x="8" y="9" width="4" height="${height - 18}" rx="2"/>`,
    `<text class="name" x="20" y="20">${escapeMarkup(shortened(node.name, longestName))}</text>`,
    `<text class="detail" x="20" y="36">${escapeMarkup(shortened(detailText(node), longestDetail))}</text>`,
    '</g>',
  ].join('');
}

function arrowText(
  { from, to, outputs, corners }: PlacedArrow,
  nodes: ReadonlyMap<string, GraphNode>,
): string {
  const isUsed = [from, to].every((name) => nodes.get(name)!.isEnabled);
  const title = escapeMarkup(`${from} → ${to}: ${outputs.join(', ')}`);
  const ends = `data-from="${escapeMarkup(from)}" data-to="${escapeMarkup(to)}"`;
  return `<path class="arrow${isUsed ? '' : ' disabled'}" ${ends} d="${pathOf(corners)}" marker-end="url(#tip)"><title>${title}</title></path>`;
}

/** Level where it leaves, passes or reaches a column; an S in the gaps between. */
function pathOf([start, ...rest]: readonly Point[]): string {
  let here = start!;
  const steps = rest.map((there, index) => {
    const middle = (here.x + there.x) / 2;
    const isBend = index % 2 === 0;
    const bend = `C${middle} ${here.y} ${middle} ${there.y} ${there.x} ${there.y}`;
    here = there;
    return isBend ? bend : `H${there.x}`;
  });
  return `M${start!.x} ${start!.y}${steps.join('')}`;
}

interface LegendItem {
  readonly text: string;
  readonly width: number;
}

function legendItems(view: GraphView): LegendItem[] {
  const processors = [...byProcessor(view).keys()].map((processor, index) => ({
    classes: `processor-${index % processorHues.length}`,
    mark: '<rect class="bar" width="4" height="16" rx="2"/>',
    markWidth: 4,
    label: processor,
  }));
  const statuses = Object.entries(statusMeanings)
    .filter(([status]) => view.nodes.some((node) => node.status === status))
    .map(([status, label]) => ({ classes: `status-${status}`, mark: swatch, markWidth: 22, label }));
  const optional = view.nodes.some(({ isRequired }) => !isRequired)
    ? [{ classes: 'optional', mark: swatch, markWidth: 22, label: 'optional' }]
    : [];
  let x = 0;
  return [...processors, ...statuses, ...optional].map(({ classes, mark, markWidth, label }) => {
    const width = Math.round(markWidth + 8 + label.length * letter.small + 22);
    const text = `<g class="${classes}" transform="translate(${x} 0)">${mark}<text class="detail" x="${markWidth + 8}" y="12">${escapeMarkup(label)}</text></g>`;
    x += width;
    return { text, width };
  });
}

const swatch = '<rect class="box" y="1" width="22" height="14" rx="4"/>';

/** Written out for light and dark: not every program that shows SVG knows variables. */
function styleText(): string {
  return [
    '.graph text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; }',
    '.graph .name { font: 600 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }',
    '.graph .title { font: 600 14px system-ui, -apple-system, "Segoe UI", sans-serif; }',
    '.graph .box { stroke-width: 1.5; }',
    '.graph .optional .box { stroke-dasharray: 5 4; }',
    '.graph .disabled { opacity: 0.5; }',
    '.graph .arrow { fill: none; stroke-width: 1.5; }',
    ...hueRules(0),
    '@media (prefers-color-scheme: dark) {',
    ...hueRules(1).map((rule) => `  ${rule}`),
    '}',
  ].join('\n');
}

function hueRules(theme: 0 | 1): string[] {
  const { ground, box, text, muted, arrow } = surface;
  return [
    `.graph .ground { fill: ${ground[theme]}; }`,
    `.graph .box { fill: ${box[theme]}; stroke: ${arrow[theme]}; }`,
    `.graph .name, .graph .title { fill: ${text[theme]}; }`,
    `.graph .detail { fill: ${muted[theme]}; }`,
    `.graph .arrow { stroke: ${arrow[theme]}; }`,
    `.graph .tip { fill: ${arrow[theme]}; fill: context-stroke; }`,
    ...processorHues.map((hue, index) => `.graph .processor-${index} .bar { fill: ${hue[theme]}; }`),
    ...Object.entries(statusHues).map(
      ([status, hue]) => `.graph .status-${status} .box { stroke: ${hue[theme]}; }`,
    ),
  ];
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
