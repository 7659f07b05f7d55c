/** Where the boxes and arrows of a drawn graph lie: columns from left to right, arrows through the gaps between boxes. */
import { Graph as LayoutGraph, layout } from '@dagrejs/dagre';
import { arrowsOf, type GraphView } from './graph-view.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends Point {
  readonly name: string;
}

/** From the right side of one box to the left side of another. */
export interface PlacedArrow {
  readonly from: string;
  readonly to: string;
  readonly outputs: readonly string[];
  /**
   * An even number: the arrow bends from the first to the second, which lie on both sides of a gap between columns, goes
   * straight through a column to the third, bends to the fourth …
   */
  readonly corners: readonly Point[];
}

export interface PlacedGraph extends Size {
  /** By their left upper corners; in pixels from the left upper corner of the whole. */
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly PlacedArrow[];
}

const spacing = { nodesep: 22, edgesep: 14, ranksep: 72 };

/** @param box the size of every box; pixels */
export function placeGraph(view: GraphView, box: Size): PlacedGraph {
  const graph = new LayoutGraph();
  graph.setGraph({ rankdir: 'LR', ...spacing });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name } of view.nodes) graph.setNode(name, { ...box });
  const arrows = arrowsOf(view);
  for (const { from, to } of arrows) graph.setEdge(from, to);
  layout(graph);
  const boxes = view.nodes.map(({ name }) => {
    const { x, y } = graph.node(name) as Point; // The layout has given every node its middle.
    return { name, x: Math.round(x - box.width / 2), y: Math.round(y - box.height / 2) };
  });
  const placed = new Map(boxes.map((one) => [one.name, one]));
  const columns = new Set(boxes.map(({ x }) => x));
  const routes = arrows.map(({ from, to, outputs }) => {
    const { points } = graph.edge(from, to) as { points: Point[] };
    const between = throughColumns(points, columns, box);
    const start = rightOf(placed.get(from)!, box);
    const end = leftOf(placed.get(to)!, box);
    return { from, to, outputs, corners: [start, ...between, end] };
  });
  const corners = [
    ...boxes.map(({ x, y }) => ({ x: x + box.width, y: y + box.height })),
    ...routes.flatMap((one) => one.corners),
  ];
  return {
    boxes,
    arrows: routes,
    width: Math.max(0, ...corners.map(({ x }) => x)),
    height: Math.max(0, ...corners.map(({ y }) => y)),
  };
}

/** The layout says where a long arrow passes the middle of a column; it has to keep that height as far as boxes reach. */
function throughColumns(points: readonly Point[], columns: ReadonlySet<number>, { width }: Size): Point[] {
  return points.slice(1, -1).flatMap(({ x, y }) => {
    const left = Math.round(x - width / 2);
    if (!columns.has(left)) return [];
    const height = Math.round(y);
    return [
      { x: left, y: height },
      { x: left + width, y: height },
    ];
  });
}

function rightOf({ x, y }: PlacedBox, { width, height }: Size): Point {
  return { x: x + width, y: y + height / 2 };
}

function leftOf({ x, y }: PlacedBox, { height }: Size): Point {
  return { x, y: y + height / 2 };
}
