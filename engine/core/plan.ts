/**
 * The plan of a run: one node for each action, joined by the artifacts that pass between them.
 *
 * A run is planned twice: first what the table of segments needs; then, when that table is known, all the rest.
 */
import { type Component, type ComponentInput, requestName } from './component.ts';
import type { Digest } from './digest.ts';
import type { Reference } from './graph.ts';
import type { Segment } from './kind.ts';
import type { InputSpec, Outputs, PartOrigin, Sampling } from './rule.ts';
import { resolveSampling } from './sampling.ts';

/** A file or the files of a glob, with the digests of their content. */
export interface Source {
  readonly files: readonly { readonly name: string; readonly path: string; readonly digest: Digest }[];
}

export type Binding =
  | { readonly type: 'absent'; readonly name: string; readonly spec: InputSpec }
  | { readonly type: 'source'; readonly name: string; readonly spec: InputSpec; readonly source: Source }
  | { readonly type: 'segment'; readonly name: string; readonly spec: InputSpec }
  | {
      readonly type: 'artifact';
      readonly name: string;
      readonly spec: InputSpec;
      readonly node: ActionNode;
      readonly output: string;
    }
  | {
      readonly type: 'halo';
      readonly name: string;
      readonly spec: InputSpec;
      readonly node: ActionNode;
      readonly output: string;
    };

/** What a node belongs to: the run of one video, or the workspace. */
export interface Scope {
  /** Prefix of the names of its nodes: `run:clip.mp4` or the empty text. */
  readonly label: string;
  /** Path of the run's video, or the empty text: names it from build to build on this machine. */
  readonly origin: string;
  /** Position among the scopes of the build; earlier ones go first. */
  readonly order: number;
}

export interface ActionNode {
  readonly id: string;
  readonly scope: Scope;
  readonly component: Component;
  readonly phase: 'run' | 'merge';
  readonly params: Readonly<Record<string, unknown>>;
  /** The rate at which its inputs were sampled, where it asked for one. */
  readonly sampling: Sampling | undefined;
  readonly segment: Segment | undefined;
  readonly bindings: readonly Binding[];
  /** The nodes that a merge joins. */
  readonly parts: readonly { readonly node: ActionNode; readonly origin: PartOrigin }[];
  readonly outputs: Outputs;
  readonly dependents: Set<ActionNode>;
}

export interface PlanInput {
  readonly scope: Scope;
  /** All components of the run, producers first. */
  readonly components: readonly Component[];
  readonly sourceOf: (reference: Exclude<Reference, { type: 'output' }>) => Source;
}

export class Plan {
  readonly #input: PlanInput;
  readonly #components: ReadonlyMap<string, Component>;
  readonly #nodes = new Map<string, ActionNode>();
  #added: ActionNode[] = [];
  #tables: ReadonlyMap<string, readonly Segment[]> = new Map();
  #durationSec = Number.NaN;

  constructor(input: PlanInput) {
    this.#input = input;
    this.#components = new Map(input.components.map((component) => [component.name, component]));
  }

  /** A plan of the same run for some of its components, with all that these need. */
  narrowedTo(components: readonly Component[]): Plan {
    return new Plan({ ...this.#input, components });
  }

  /** The components that make tables of segments. */
  get tableMakers(): readonly string[] {
    return [...new Set(this.#input.components.flatMap((component) => component.table ?? []))];
  }

  /** Nodes that make the tables, with all that they need. */
  planTables(): { tables: Map<string, ActionNode>; added: ActionNode[] } {
    const tables = new Map(
      this.tableMakers.map((name) => [name, this.#whole(this.#components.get(name)!, undefined)]),
    );
    return { tables, added: this.#takeAdded() };
  }

  /**
   * The rest of the run.
   *
   * @param tables segments by the component that made them
   * @returns per component the nodes whose outputs are its result; none for a component that nobody asked anything
   */
  planRest(tables: ReadonlyMap<string, readonly Segment[]>): {
    finals: Map<string, ActionNode[]>;
    added: ActionNode[];
  } {
    this.#tables = tables;
    const lengths = [...tables.values()].map((table) =>
      table.reduce((sum, segment) => sum + segment.durationSec, 0),
    );
    if (lengths.length > 0) this.#durationSec = Math.max(...lengths);
    const consumersFirst = this.#input.components.toReversed();
    for (const component of consumersFirst) if (!takesRequest(component)) this.#result(component);
    return { finals: this.#finals(), added: this.#takeAdded() };
  }

  #takeAdded(): ActionNode[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  /** Merges where a component has them, else all of its nodes. */
  #finals(): Map<string, ActionNode[]> {
    const finals = new Map<string, ActionNode[]>();
    for (const node of this.#nodes.values()) {
      const found = finals.get(node.component.name);
      if (!found || (found[0]!.phase === 'run' && node.phase === 'merge'))
        finals.set(node.component.name, [node]);
      else if (found[0]!.phase === node.phase) found.push(node);
    }
    return finals;
  }

  /** The node or nodes that give a component's own result. */
  #result(component: Component): void {
    if (component.loaded.rule.scope === 'whole') this.#whole(component, undefined);
    else if (isLastingResult(component)) this.#merge(component, undefined);
    else for (const segment of this.#segmentsOf(component)) this.#part(component, undefined, segment);
  }

  #segmentsOf(component: Component): readonly Segment[] {
    return this.#tables.get(component.table!) ?? [];
  }

  #whole(component: Component, request: Request): ActionNode {
    return this.#node(component, { request, phase: 'run', segment: undefined });
  }

  #part(component: Component, request: Request, segment: Segment): ActionNode {
    return this.#node(component, { request, phase: 'run', segment });
  }

  #merge(component: Component, request: Request): ActionNode {
    return this.#node(component, { request, phase: 'merge', segment: undefined });
  }

  #node(
    component: Component,
    at: { request: Request; phase: 'run' | 'merge'; segment: Segment | undefined },
  ): ActionNode {
    const { request, phase, segment } = at;
    const part = segment
      ? `#${segment.index}`
      : phase === 'run' && component.loaded.rule.scope === 'segment'
        ? '#'
        : '';
    const id = `${this.#input.scope.label}//${component.name}${requestName(request)}${part}`;
    const known = this.#nodes.get(id);
    if (known) return known;
    const { rule } = component.loaded;
    const isLacking = component.lack !== undefined; // It will not run: nothing has to be made for it.
    const node: ActionNode = {
      id,
      scope: this.#input.scope,
      component,
      phase,
      params: this.#paramsOf(component, request, segment !== undefined),
      sampling: this.#samplingOf(component),
      segment,
      bindings: (isLacking ? [] : component.inputs)
        .filter(({ spec }) => rule.scope === 'whole' || spec.phase === phase)
        .flatMap((input) => this.#bind(component, input, segment)),
      parts: phase === 'merge' && !isLacking ? this.#partsOf(component, request) : [],
      outputs: segment ? (rule.parts ?? component.outputs) : component.outputs,
      dependents: new Set(),
    };
    for (const producer of producersOf(node)) producer.dependents.add(node);
    this.#nodes.set(id, node);
    this.#added.push(node);
    return node;
  }

  #partsOf(component: Component, request: Request): ActionNode['parts'] {
    return this.#segmentsOf(component).map((segment) => ({
      node: this.#part(component, request, segment),
      origin: {
        startSec: segment.startSec,
        durationSec: segment.durationSec,
        firstFrame: segment.firstFrame,
        frameCount: segment.framePts.length,
      },
    }));
  }

  #paramsOf(component: Component, request: Request, isPart: boolean): Record<string, unknown> {
    const { rule } = component.loaded;
    const schema = rule.params.shape.request as { parse(value: unknown): unknown } | undefined;
    const params = { ...component.params, ...(schema && { request: schema.parse(request) }) };
    if (!isPart) return params;
    return Object.fromEntries(Object.entries(params).filter(([name]) => !rule.mergeParams.includes(name)));
  }

  #samplingOf(component: Component): Sampling | undefined {
    const asks = component.inputs.some(({ spec }) => spec.request && spec.request.length > 0);
    return asks ? resolveSampling(component.budget, this.#durationSec) : undefined;
  }

  #bind(component: Component, input: ComponentInput, segment: Segment | undefined): Binding[] {
    const { name, spec, reference } = input;
    if (!reference) return [{ type: 'absent', name, spec }];
    if (reference.type !== 'output')
      return [{ type: 'source', name, spec, source: this.#input.sourceOf(reference) }];
    if (spec.kind.format === 'segments' && segment) return [{ type: 'segment', name, spec }];
    const producer = this.#components.get(reference.component)!;
    const { output } = reference;
    const request = takesRequest(producer) ? this.#requestOf(component, spec) : undefined;
    if (!segment || !givesParts(producer)) {
      const node =
        producer.loaded.rule.scope === 'whole'
          ? this.#whole(producer, request)
          : this.#merge(producer, request);
      return [{ type: 'artifact', name, spec, node, output }];
    }
    const bindings: Binding[] = [
      { type: 'artifact', name, spec, node: this.#part(producer, request, segment), output },
    ];
    const before = this.#segmentsOf(producer)[segment.index - 1];
    if (spec.haloFrames > 0 && before) {
      bindings.push({ type: 'halo', name, spec, node: this.#part(producer, request, before), output });
    }
    return bindings;
  }

  #requestOf({ budget, models }: Component, { request, modelRequest }: InputSpec): Request {
    if (request) return request(resolveSampling(budget, this.#durationSec));
    return modelRequest?.(Object.fromEntries(models.map(({ slot, model }) => [slot, model.entry])));
  }
}

type Request = Readonly<Record<string, unknown>> | undefined;

/** True for a component that makes what others ask it for, and nothing by itself. */
export function takesRequest(component: Component): boolean {
  return 'request' in component.loaded.rule.params.shape;
}

/** True if the component's result for one segment is its output for that segment, not material for its merge. */
function givesParts(component: Component): boolean {
  const { rule } = component.loaded;
  return rule.scope === 'segment' && rule.merge === undefined;
}

function isLastingResult(component: Component): boolean {
  return (
    component.loaded.rule.merge !== undefined ||
    Object.values(component.outputs).some((kind) => !kind.isEphemeral)
  );
}

/** The nodes whose outputs a node reads. */
export function producersOf(node: ActionNode): Set<ActionNode> {
  const producers = new Set(node.parts.map((part) => part.node));
  for (const binding of node.bindings) {
    if (binding.type === 'artifact' || binding.type === 'halo') producers.add(binding.node);
  }
  return producers;
}

/** True if a node can do without another one's outputs. */
export function canDoWithout(node: ActionNode, producer: ActionNode): boolean {
  if (node.parts.some((part) => part.node === producer)) return false;
  return node.bindings.every(
    (binding) =>
      (binding.type !== 'artifact' && binding.type !== 'halo') ||
      binding.node !== producer ||
      binding.spec.isOptional,
  );
}

/** True for an action that makes bytes which are held only while somebody needs them. */
export function makesEphemeral(node: ActionNode): boolean {
  return Object.values(node.outputs).some((kind) => kind.isEphemeral);
}

/** True for an action that reads bytes which are held only while somebody needs them. */
export function readsEphemeral(node: ActionNode): boolean {
  return node.bindings.some(
    (binding) => binding.type === 'artifact' && binding.node.outputs[binding.output]!.isEphemeral,
  );
}
