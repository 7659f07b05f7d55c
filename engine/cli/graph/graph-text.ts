/** The graph as lines of text: components by processor, in columns. */
import { styleText } from 'node:util';
import { byProcessor, type GraphNode, type GraphView, takesFrom } from './graph-view.ts';
import { durationOf, sizeOf, statusMeanings, statusText } from './node-text.ts';

export interface TextSetting {
  /** Letters in a line. */
  readonly width: number;
  readonly isColoured: boolean;
}

const gap = 2;
const leastSources = 16;

const statusColours = { cached: 'green', to_run: 'yellow', unknown: 'gray' } as const;

export function graphText(view: GraphView, { width, isColoured }: TextSetting): string {
  const paint: Paint = (colour, text) =>
    isColoured && text !== '' ? styleText(colour, text, { validateStream: false }) : text;
  const rows = new Map(view.nodes.map((node) => [node, rowOf(node)]));
  const widths = widthsOf([...rows.values()], width);
  const lines = [...byProcessor(view)].flatMap(([processor, nodes]) => [
    paint('bold', processor),
    ...nodes.flatMap((node) => linesOf(node, rows.get(node)!, widths, paint)),
  ]);
  return `${[paint('bold', view.title), '', ...lines, ...countLines(view)].join('\n')}\n`;
}

type Paint = (colour: Parameters<typeof styleText>[0], text: string) => string;

interface Row {
  readonly name: string;
  readonly need: string;
  readonly sources: readonly string[];
  readonly status: string;
  readonly size: string;
  readonly duration: string;
}

type Widths = Readonly<Record<keyof Row, number>>;

function rowOf(node: GraphNode): Row {
  return {
    name: node.name,
    need: node.isRequired ? 'required' : 'optional',
    sources: takesFrom(node),
    status: statusText(node),
    size: sizeOf(node.bytes),
    duration: durationOf(node.lastDurationMs),
  };
}

/** The sources get what the other columns leave. */
function widthsOf(rows: readonly Row[], width: number): Widths {
  const longest = (column: Exclude<keyof Row, 'sources'>): number =>
    Math.max(0, ...rows.map((row) => row[column].length));
  const [name, need, status] = [longest('name'), longest('need'), longest('status')];
  const [size, duration] = [longest('size'), longest('duration')];
  const others = [name, need, status, size, duration].filter((one) => one > 0);
  const taken = 2 + others.reduce((sum, one) => sum + one + gap, 0) + '← '.length;
  return { name, need, status, size, duration, sources: Math.max(leastSources, width - taken) };
}

function linesOf(node: GraphNode, row: Row, widths: Widths, paint: Paint): string[] {
  const [first = '', ...more] = wrap(row.sources, widths.sources);
  const colour = node.isEnabled && node.status ? statusColours[node.status] : 'gray';
  const cells = [
    `  ${row.name.padEnd(widths.name)}`,
    paint('dim', row.need.padEnd(widths.need)),
    paint('dim', `${first === '' ? ' ' : '←'} ${widths.status > 0 ? first.padEnd(widths.sources) : first}`),
    ...(widths.status > 0 ? [paint(colour, row.status.padEnd(widths.status))] : []),
    ...(widths.size > 0 ? [row.size.padStart(widths.size)] : []),
    ...(widths.duration > 0 ? [row.duration.padStart(widths.duration)] : []),
  ];
  const indent = ' '.repeat(2 + widths.name + gap + widths.need + gap + '← '.length);
  const line = cells.join(' '.repeat(gap)).trimEnd();
  return [line, ...more.map((text) => `${indent}${paint('dim', text)}`)];
}

/** Words with commas, in lines of so many letters; a longer word has a line of its own. */
function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const text = index < words.length - 1 ? `${word},` : word;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= width)
      lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(text);
  }
  return lines;
}

/** How many there are of each status; nothing without statuses. */
function countLines({ nodes }: GraphView): string[] {
  const parts = Object.entries(statusMeanings).flatMap(([status, meaning]) => {
    const count = nodes.filter((node) => node.status === status).length;
    return count > 0 ? [`${count} ${meaning}`] : [];
  });
  return parts.length > 0 ? ['', parts.join(', ')] : [];
}
