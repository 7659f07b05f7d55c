/** The graph as all formats of `flow graph` draw it: plain data. */
import type { Component } from '../../core/component.ts';
import type { ComponentNode, Graph, Reference } from '../../core/graph.ts';
import { isEnabled, type Profile } from '../../core/profile.ts';
import type { ComponentForecast } from './component-forecast.ts';

export interface GraphView {
  readonly title: string;
  /** Producers first. */
  readonly nodes: readonly GraphNode[];
  /** One for each input that takes an output of another node. */
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode extends Partial<ComponentForecast> {
  readonly name: string;
  readonly processor: string;
  readonly rule: string;
  /** Version of the rule, for people; absent where the rule has not been loaded. */
  readonly version?: string;
  readonly isRequired: boolean;
  readonly isEnabled: boolean;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  readonly params: readonly GraphParam[];
}

export interface GraphInput {
  readonly name: string;
  /** `component.output`, `video`, `file:…`; undefined where an optional input is not connected. */
  readonly from: string | undefined;
}

export interface GraphOutput {
  readonly name: string;
  readonly format: string;
  readonly isEphemeral: boolean;
  /** `embeddings: float32 N×D`, for each array that it has. */
  readonly arrays: readonly string[];
}

export interface GraphParam {
  readonly name: string;
  readonly value: unknown;
  readonly doc: string | undefined;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly output: string;
}

/** What is known of the components beyond the graph itself. */
export interface GraphFacts {
  /** Undefined where all that the graph has is drawn as it is written. */
  readonly profile?: Profile;
  readonly components?: readonly Component[];
  /** Undefined without a video or a target of the workspace. */
  readonly forecasts?: ReadonlyMap<string, ComponentForecast>;
}

/** @param wanted names of components; what they need is added, what the profile disables is shown as such */
export function graphView(
  title: string,
  graph: Graph,
  wanted: readonly string[],
  { profile, components = [], forecasts }: GraphFacts = {},
): GraphView {
  const nodes = needed(graph, wanted, profile);
  const resolved = new Map(components.map((component) => [component.name, component]));
  const names = new Set(nodes.map(({ name }) => name));
  return {
    title,
    nodes: nodes.map((node) => ({
      ...nodeOf(node, resolved.get(node.name)),
      isEnabled: !profile || isEnabled(profile, node.name),
      ...forecasts?.get(node.name),
    })),
    edges: edgesOf(nodes).filter(({ from }) => names.has(from)),
  };
}

/** The part of a view that holds the given components. */
export function inducedView(view: GraphView, names: ReadonlySet<string>): GraphView {
  return {
    title: view.title,
    nodes: view.nodes.filter(({ name }) => names.has(name)),
    edges: view.edges.filter(({ from, to }) => names.has(from) && names.has(to)),
  };
}

/** The nodes by processor, in the order in which the pipeline comes to them. */
export function byProcessor({ nodes }: GraphView): Map<string, GraphNode[]> {
  return Map.groupBy(nodes, ({ processor }) => processor);
}

/** Names of the nodes that a node takes from, and of the sources: `video`, `file:…`; each once. */
export function takesFrom({ inputs }: GraphNode): string[] {
  return [...new Set(inputs.flatMap(({ from }) => (from === undefined ? [] : [sourceName(from)])))];
}

/** The edges, each pair of nodes once, with all that passes between them. */
export function arrowsOf({ edges }: GraphView): { from: string; to: string; outputs: string[] }[] {
  return [...Map.groupBy(edges, ({ from, to }) => `${from} ${to}`).values()].map((same) => ({
    from: same[0]!.from,
    to: same[0]!.to,
    outputs: [...new Set(same.map(({ output }) => output))],
  }));
}

function sourceName(from: string): string {
  return from.includes(':') ? from : from.split('.')[0]!;
}

function needed(
  { components }: Graph,
  wanted: readonly string[],
  profile: Profile | undefined,
): ComponentNode[] {
  const byName = new Map(components.map((node) => [node.name, node]));
  const found = new Set<string>();
  const pending = [...wanted];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    if (profile && !isEnabled(profile, name)) continue; // What only this one needs is not needed.
    for (const input of Object.values(byName.get(name)!.inputs))
      if (input.type === 'output') pending.push(input.component);
  }
  return components.filter(({ name }) => found.has(name));
}

function edgesOf(nodes: readonly ComponentNode[]): GraphEdge[] {
  return nodes.flatMap(({ name, inputs }) =>
    Object.values(inputs).flatMap((input) =>
      input.type === 'output' ? [{ from: input.component, to: name, output: input.output }] : [],
    ),
  );
}

function nodeOf(node: ComponentNode, component: Component | undefined): Omit<GraphNode, 'isEnabled'> {
  const { name, processor, rule, isRequired } = node;
  const drawn = { name, processor, rule, isRequired };
  if (!component) return { ...drawn, inputs: writtenInputs(node), outputs: [], params: [] };
  return {
    ...drawn,
    isRequired: component.isRequired,
    version: component.loaded.rule.version,
    inputs: component.inputs.map((input) => ({ name: input.name, from: referenceText(input.reference) })),
    outputs: outputsOf(component),
    params: paramsOf(component),
  };
}

function writtenInputs({ inputs }: ComponentNode): GraphInput[] {
  return Object.entries(inputs).map(([name, reference]) => ({ name, from: referenceText(reference) }));
}

function referenceText(reference: Reference | undefined): string | undefined {
  switch (reference?.type) {
    case undefined:
      return undefined;
    case 'video':
      return 'video';
    case 'file':
      return `file:${reference.path}`;
    case 'glob':
      return `file:${reference.pattern}`;
    case 'output':
      return `${reference.component}.${reference.output}`;
    default:
      return reference satisfies never;
  }
}

function outputsOf({ outputs }: Component): GraphOutput[] {
  return Object.entries(outputs).map(([name, { format, isEphemeral, arrays = {} }]) => ({
    name,
    format,
    isEphemeral,
    arrays: Object.entries(arrays).map(
      ([array, { dtype, shape }]) => `${array}: ${dtype}${shape.length > 0 ? ` ${shape.join('×')}` : ''}`,
    ),
  }));
}

function paramsOf({ params, loaded: { rule } }: Component): GraphParam[] {
  return Object.entries(params).map(([name, value]) => ({
    name,
    value,
    doc: docOf(rule.params.shape[name]),
  }));
}

/** What a schema says of itself, or what the one inside of it does: `describe` may stand before `default`. */
function docOf(schema: unknown): string | undefined {
  // A rule's bundle may have a copy of zod of its own: what counts is what the schema has.
  const { description, def } = (schema ?? {}) as { description?: string; def?: { innerType?: unknown } };
  return description ?? (def?.innerType === undefined ? undefined : docOf(def.innerType));
}
