/** Draws the baseline stage of the built-in graph into `docs/baseline.svg`: `node scripts/draw-graph.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { svgOf } from '../engine/cli/graph/graph-svg.ts';
import { graphView } from '../engine/cli/graph/graph-view.ts';
import { parseGraph } from '../engine/core/graph.ts';

const root = resolve(import.meta.dirname, '..');

/** Where the picture lies. */
export const picturePath = resolve(root, 'docs/baseline.svg');

/** The picture as SVG: the same graph gives the same text. */
export function drawBaseline(): string {
  const file = resolve(root, 'graphs/component_graph.yaml');
  const parsed = parseGraph([{ file, value: parse(readFileSync(file, 'utf8')) }]);
  if ('issues' in parsed) throw new Error(`${file} is broken: ${parsed.issues[0]!.message}`);
  const { graph } = parsed;
  return svgOf(graphView('The components of the baseline stage', graph, graph.stages['baseline']!));
}

if (import.meta.main) writeFileSync(picturePath, drawBaseline());
