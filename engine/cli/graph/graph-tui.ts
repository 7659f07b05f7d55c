/** The graph on a terminal, walked with the arrow keys. */
import { Box, type Key, render, Text, useApp, useInput, useWindowSize } from 'ink';
import { createElement as h, type ReactElement, useEffect, useReducer } from 'react';
import { byProcessor, type GraphNode, type GraphView, takesFrom } from './graph-view.ts';
import { reachOf, startOf, type Walk, type WalkKey, walkOn } from './graph-walk.ts';
import { durationOf, sizeOf, statusText } from './node-text.ts';

/** Shows the graph until the user leaves it; the terminal is then as it was before. */
export async function walkGraph(view: GraphView): Promise<void> {
  const app = render(h(GraphWalk, { view }), { alternateScreen: true });
  await app.waitUntilExit();
}

const statusColours = { cached: 'green', to_run: 'yellow', unknown: 'gray' } as const;
const upstreamColour = 'blue';
const downstreamColour = 'magenta';

function GraphWalk({ view }: { readonly view: GraphView }): ReactElement {
  const { exit } = useApp();
  const { columns, rows } = useWindowSize();
  const [walk, press] = useReducer((here: Walk, key: WalkKey) => walkOn(view, here, key), startOf(view));
  useInput((input, key) => press(keyOf(input, key)));
  useEffect(() => {
    if (walk.isOver) exit();
  }, [walk.isOver, exit]);
  const { up, down } = reachOf(view, walk);
  const node = view.nodes.find(({ name }) => name === walk.at);
  const details = node && walk.isOpen ? detailLines(node) : [];
  const shownDetails = details.slice(0, Math.max(0, rows - 10));
  const listRows = Math.max(3, rows - 6 - shownDetails.length);
  return h(
    Box,
    { flexDirection: 'column', width: columns, height: rows },
    h(Text, { bold: true, wrap: 'truncate-end' }, view.title),
    ...listLines(view, walk, { up: up.all, down: down.all }, listRows),
    h(Box, { flexGrow: 1 }),
    ...shownDetails.map((line, index) => h(Text, { key: `detail ${index}`, wrap: 'truncate-end' }, line)),
    h(
      Text,
      { key: 'up', color: upstreamColour, wrap: 'truncate-end' },
      `← ${up.direct.join(', ') || 'takes from no component'}`,
    ),
    h(
      Text,
      { key: 'down', color: downstreamColour, wrap: 'truncate-end' },
      `→ ${down.direct.join(', ') || 'nobody takes from it'}`,
    ),
    h(Text, { key: 'keys', dimColor: true, wrap: 'truncate-end' }, keysText(walk)),
  );
}

function keyOf(input: string, key: Key): WalkKey {
  if (key.upArrow) return { key: 'up' };
  if (key.downArrow) return { key: 'down' };
  if (key.leftArrow) return { key: 'left' };
  if (key.rightArrow) return { key: 'right' };
  if (key.return) return { key: 'enter' };
  if (key.escape) return { key: 'escape' };
  if (key.backspace || key.delete) return { key: 'backspace' };
  return { key: 'text', text: key.ctrl || key.meta ? '' : input };
}

function keysText({ search }: Walk): string {
  if (search !== undefined) return `/${search}▏  enter: keep   esc: leave`;
  return '↑↓ move   → consumer   ← producer   enter details   / search   q quit';
}

interface Reach {
  readonly up: ReadonlySet<string>;
  readonly down: ReadonlySet<string>;
}

/** As many lines as there is room for, around the chosen one. */
function listLines(view: GraphView, walk: Walk, reach: Reach, room: number): ReactElement[] {
  const width = Math.max(0, ...view.nodes.map(({ name }) => name.length));
  const lines = [...byProcessor(view)].flatMap(([processor, nodes]) => [
    { name: undefined, line: h(Text, { key: `processor ${processor}`, dimColor: true }, processor) },
    ...nodes.map((node) => ({ name: node.name, line: nodeLine(node, walk, reach, width) })),
  ]);
  const at = lines.findIndex(({ name }) => name === walk.at);
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room));
  return lines.slice(from, from + room).map(({ line }) => line);
}

function nodeLine(node: GraphNode, { at }: Walk, { up, down }: Reach, width: number): ReactElement {
  const { name, status } = node;
  const isHere = name === at;
  const mark = isHere ? '›' : up.has(name) ? '↑' : down.has(name) ? '↓' : ' ';
  const colour = up.has(name) ? { color: upstreamColour } : down.has(name) ? { color: downstreamColour } : {};
  const facts = [statusText(node), sizeOf(node.bytes), durationOf(node.lastDurationMs)].filter(
    (one) => one !== '',
  );
  return h(
    Text,
    { key: `node ${name}`, wrap: 'truncate-end' },
    h(Text, { ...colour, bold: isHere, inverse: isHere }, `${mark} ${name.padEnd(width)}`),
    h(Text, { dimColor: true }, `  ${node.isRequired ? 'required' : 'optional'}  `),
    h(Text, status ? { color: statusColours[status] } : { dimColor: true }, facts.join(' · ')),
  );
}

function detailLines(node: GraphNode): string[] {
  return [
    `rule     ${node.rule}${node.version === undefined ? '' : `, version ${node.version}`}`,
    `takes    ${takesFrom(node).join(', ') || 'nothing'}`,
    ...node.outputs.map(
      ({ name, format, arrays, isEphemeral }) =>
        `gives    ${name}: ${format}${isEphemeral ? ', held only while it is read' : ''}${arrays.length > 0 ? ` (${arrays.join(', ')})` : ''}`,
    ),
    ...node.params.map(
      ({ name, value, doc }) =>
        `param    ${name}: ${JSON.stringify(value)}${doc === undefined ? '' : `  ${doc}`}`,
    ),
  ];
}
