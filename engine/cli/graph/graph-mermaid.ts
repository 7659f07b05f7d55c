/** The graph as a Mermaid flowchart, as Markdown pages show it. */
import { arrowsOf, byProcessor, type GraphNode, type GraphView } from './graph-view.ts';
import { detailText } from './node-text.ts';

const classes = [
  'classDef cached fill:#dcfce7,stroke:#16a34a,color:#14532d',
  'classDef to_run fill:#fef3c7,stroke:#d97706,color:#78350f',
  'classDef unknown fill:#f4f4f5,stroke:#a1a1aa,color:#3f3f46',
  'classDef optional stroke-dasharray:5 4',
  'classDef disabled opacity:0.5',
];

export function mermaidOf(view: GraphView): string {
  // Names of components may be words of the language, as "end": the drawing has ids of its own.
  const ids = new Map(view.nodes.map(({ name }, index) => [name, `n${index}`]));
  const groups = [...byProcessor(view)].flatMap(([processor, nodes], index) => [
    `  subgraph p${index}["${escaped(processor)}"]`,
    ...nodes.map((node) => `    ${ids.get(node.name)}["${labelOf(node)}"]`),
    '  end',
  ]);
  return [
    `%% ${view.title.replaceAll(/\s/g, ' ')}`,
    'flowchart LR',
    ...groups,
    ...arrowsOf(view).map(({ from, to }) => `  ${ids.get(from)} --> ${ids.get(to)}`),
    ...classes.map((line) => `  ${line}`),
    ...view.nodes.flatMap((node) => classesOf(node).map((name) => `  class ${ids.get(node.name)} ${name}`)),
    '',
  ].join('\n');
}

function labelOf(node: GraphNode): string {
  return `${escaped(node.name)}<br/><small>${escaped(detailText(node))}</small>`;
}

function classesOf({ status, isRequired, isEnabled }: GraphNode): string[] {
  return [
    ...(status ? [status] : []),
    ...(isRequired ? [] : ['optional']),
    ...(isEnabled ? [] : ['disabled']),
  ];
}

/** Mermaid's own escapes: `#` and a number, `;`. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._/·…-]/gu, (character) => `#${character.codePointAt(0)};`);
}
