/** The graph in the language of Graphviz. */
import { arrowsOf, byProcessor, type GraphNode, type GraphView } from './graph-view.ts';
import { detailText } from './node-text.ts';

const fills: Readonly<Record<NonNullable<GraphNode['status']>, { fill: string; line: string }>> = {
  cached: { fill: '#dcfce7', line: '#16a34a' },
  to_run: { fill: '#fef3c7', line: '#d97706' },
  unknown: { fill: '#f4f4f5', line: '#a1a1aa' },
};

const plain = { fill: '#f8fafc', line: '#475569' };

export function dotOf(view: GraphView): string {
  const clusters = [...byProcessor(view)].flatMap(([processor, nodes], index) => [
    `  subgraph ${quoted(`cluster_${index}`)} {`,
    `    label=${quoted(processor)}; color="#cbd5e1"; fontcolor="#475569";`,
    ...nodes.map((node) => `    ${nodeText(node)}`),
    '  }',
  ]);
  return [
    `digraph ${quoted(view.title)} {`,
    '  rankdir=LR;',
    '  fontname="Helvetica";',
    '  node [shape=box, fontname="Helvetica", fontsize=11];',
    '  edge [color="#94a3b8"];',
    ...clusters,
    ...arrowsOf(view).map(
      ({ from, to, outputs }) =>
        `  ${quoted(from)} -> ${quoted(to)} [tooltip=${quoted(outputs.join(', '))}];`,
    ),
    '}',
    '',
  ].join('\n');
}

function nodeText(node: GraphNode): string {
  const { fill, line } = node.status ? fills[node.status] : plain;
  const styles = ['rounded', 'filled', ...(node.isRequired ? [] : ['dashed'])];
  const font = node.isEnabled ? '#18181b' : '#a1a1aa';
  const label = quoted(`${node.name}\n${detailText(node)}`);
  return `${quoted(node.name)} [label=${label}, style=${quoted(styles.join(','))}, fillcolor="${fill}", color="${line}", fontcolor="${font}"];`;
}

/** In quotes, DOT gives a meaning to the quote, the backslash, and the end of a line. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
