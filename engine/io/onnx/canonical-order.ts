/** The order of a graph's nodes, made to depend on nothing but the graph: each after those it needs, outputs in turn. */
import type { GraphProto, Message, ModelProto } from './onnx-messages.ts';

type NodeProto = Message<'NodeProto'>;

/**
 * Programs that save a graph may walk it in another order each time; what they save is then the same model in other
 * bytes. Graphs with graphs of their own stay as they are: what those need does not stand among a node's inputs.
 *
 * @param model is changed
 */
export function toCanonicalOrder({ graph }: ModelProto): void {
  if (graph!.node.some((node) => node.attribute.some(({ g, graphs }) => g || graphs.length > 0))) return;
  graph!.node = inOrder(
    graph!.node,
    graph!.output.map(({ name }) => name!),
  );
  renumber(graph!);
  const byName = <T extends { name?: string }>(a: T, b: T): number => (a.name! < b.name! ? -1 : 1);
  graph!.initializer.sort(byName);
  graph!.value_info.sort(byName);
}

/** ONNX Runtime numbers the values and nodes that it adds as it comes to them: `weights_token_7`. */
const added = /^(.*_token)_\d+$/;

function renumber(graph: GraphProto): void {
  const names = new Map<string, string>();
  for (const name of graph.node.flatMap(({ input, output }) => [...input, ...output])) {
    const stem = added.exec(name)?.[1];
    if (stem !== undefined && !names.has(name)) names.set(name, `${stem}_${names.size}`);
  }
  const renamed = (name: string): string => names.get(name) ?? name;
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
    if (node.name === node.op_type || added.test(node.name ?? ''))
      node.name = `${node.op_type}_of_${node.output[0]}`;
  }
  for (const one of [...graph.initializer, ...graph.value_info]) one.name = renamed(one.name!);
}

/** Walks back from the outputs, without recursion: graphs may be thousands of nodes deep. */
function inOrder(nodes: readonly NodeProto[], outputs: readonly string[]): NodeProto[] {
  const makers = new Map(nodes.flatMap((node) => node.output.map((value) => [value, node] as const)));
  const done = new Set<NodeProto>();
  const stack = outputs.toReversed().flatMap((value) => makers.get(value) ?? []);
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const missing = node.input.flatMap((value) => makers.get(value) ?? []).filter((one) => !done.has(one));
    if (missing.length === 0 || done.has(node)) done.add(stack.pop()!);
    else stack.push(...missing.toReversed());
  }
  return [...done];
}
