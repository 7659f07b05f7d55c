/** The component graph as it is written: components, their rules and inputs, and stages. */
import { DirectedGraph } from 'graphology';
import { topologicalGenerations } from 'graphology-dag';
import { z } from 'zod';
import { faultOfName } from './fault-of-name.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import { suggestion } from './nearest.ts';

const name = z.string().superRefine((text, context) => {
  const message = faultOfName(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const componentSchema = z.strictObject({
  processor: name.default('workspace'),
  rule: z.string().min(1),
  inputs: z.record(z.string(), z.string()).default({}),
  required: z.boolean().default(true),
  params: z.record(z.string(), z.unknown()).default({}),
});

const stageSchema = z.strictObject({
  extends: z.string().optional(),
  components: z.array(z.string()).default([]),
});

const graphSchema = z.strictObject({
  schema_version: z.literal(1),
  components: z.record(name, componentSchema).default({}),
  stages: z.record(name, stageSchema).default({}),
});

/** Where an input comes from. */
export type Reference =
  | { readonly type: 'video' }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'glob'; readonly pattern: string }
  | { readonly type: 'output'; readonly component: string; readonly output: string };

export interface ComponentNode {
  readonly name: string;
  readonly file: string;
  readonly processor: string;
  readonly rule: string;
  readonly inputs: Readonly<Record<string, Reference>>;
  readonly isRequired: boolean;
  readonly params: Readonly<Record<string, unknown>>;
  /** Depends, directly or not, on the video of a run. */
  readonly isPerRun: boolean;
  /** Number of components on the longest way from here to a component that nobody uses. */
  readonly rank: number;
}

/** A graph that has passed every check that needs no rules. Plain data: it can be kept as JSON. */
export interface Graph {
  /** Producers before consumers; by name where the order is free. */
  readonly components: readonly ComponentNode[];
  /** Stage → its components, `extends` applied. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
}

export interface GraphDocument {
  readonly file: string;
  readonly value: unknown;
}

type Draft = z.output<typeof componentSchema> & { readonly name: string; readonly file: string };

/** Reads one or more documents as one graph; or says all that is wrong with them. */
export function parseGraph(documents: readonly GraphDocument[]): { graph: Graph } | { issues: Issue[] } {
  const issues: Issue[] = [];
  const drafts = new Map<string, Draft>();
  const stages = new Map<string, { file: string; extends: string | undefined; components: string[] }>();
  for (const { file, value } of documents) {
    const checked = checkDocument(file, graphSchema, value);
    if ('issues' in checked) {
      issues.push(...checked.issues);
      continue;
    }
    collect(file, 'components', Object.entries(checked.value.components), drafts, issues, (key, draft) => ({
      ...draft,
      name: key,
      file,
    }));
    collect(file, 'stages', Object.entries(checked.value.stages), stages, issues, (_, stage) => ({
      file,
      extends: stage.extends,
      components: stage.components,
    }));
  }
  if (issues.length > 0) return { issues };
  const references = new Map(
    [...drafts.values()].map((draft) => [draft.name, readInputs(draft, drafts, issues)]),
  );
  const stageLists = expandStages(stages, drafts, issues);
  if (issues.length > 0) return { issues };
  return order(drafts, references, stageLists);
}

function collect<T, U>(
  file: string,
  section: string,
  entries: [string, T][],
  into: Map<string, U & { file: string }>,
  issues: Issue[],
  make: (key: string, value: T) => U & { file: string },
): void {
  for (const [key, value] of entries) {
    const earlier = into.get(key);
    if (earlier) {
      issues.push({
        file,
        path: [section, key],
        isKey: true,
        message: `Cannot add "${key}" to ${section}: there is one of this name already.`,
        other: { file: earlier.file, path: [section, key] },
        fix: 'Rename or remove one of the two.',
      });
    } else into.set(key, make(key, value));
  }
}

const referenceForms = 'Write "component.output", "file:path", "file:glob" or "video".';

function readInputs(
  draft: Draft,
  drafts: ReadonlyMap<string, Draft>,
  issues: Issue[],
): Record<string, Reference> {
  const references: Record<string, Reference> = {};
  for (const [input, text] of Object.entries(draft.inputs)) {
    const reference = parseReference(text);
    if ('why' in reference) issues.push(inputIssue(draft, input, text, reference.why, reference.fix));
    else if (reference.type === 'output' && !drafts.has(reference.component)) {
      const fix = suggestion(reference.component, [...drafts.keys()]);
      issues.push(inputIssue(draft, input, text, `no component is called "${reference.component}"`, fix));
    } else references[input] = reference;
  }
  return references;
}

function inputIssue(draft: Draft, input: string, text: string, why: string, fix: string): Issue {
  const path: IssuePath = ['components', draft.name, 'inputs', input];
  return {
    file: draft.file,
    path,
    isKey: false,
    message: `Cannot read input "${text}" of "${draft.name}": ${why}.`,
    fix,
  };
}

interface Unreadable {
  readonly why: string;
  readonly fix: string;
}

function parseReference(text: string): Reference | Unreadable {
  if (text === 'video') return { type: 'video' };
  if (text.startsWith('file:')) return parseFile(text.slice('file:'.length));
  const [component, output, ...rest] = text.split('.');
  if (!component || !output || rest.length > 0) return { why: 'it names no source', fix: referenceForms };
  return { type: 'output', component, output };
}

function parseFile(path: string): Reference | Unreadable {
  if (path === '') return { why: 'it names no file', fix: referenceForms };
  if (path.includes('\0')) return { why: 'no file can have such a name', fix: referenceForms };
  if (path.startsWith('/') || path.split('/').includes('..'))
    return {
      why: 'a file has to lie inside the workspace',
      fix: 'Copy or link the file into the workspace, and write its path from there.',
    };
  return /[*?[{]/.test(path) ? { type: 'glob', pattern: path } : { type: 'file', path };
}

type StageDraft = { file: string; extends: string | undefined; components: string[] };

function expandStages(
  stages: ReadonlyMap<string, StageDraft>,
  drafts: ReadonlyMap<string, Draft>,
  issues: Issue[],
): Record<string, string[]> {
  const lists: Record<string, string[]> = {};
  for (const [stage, { file, components }] of stages) {
    for (const [index, component] of components.entries()) {
      if (drafts.has(component)) continue;
      issues.push({
        file,
        path: ['stages', stage, 'components', index],
        isKey: false,
        message: `Cannot build stage "${stage}": no component is called "${component}".`,
        fix: suggestion(component, [...drafts.keys()]),
      });
    }
    lists[stage] = stageMembers(stage, stages, issues);
  }
  return lists;
}

/** Each fault is told by the stage whose own `extends` is at fault: of a circle, by the first of its stages. */
function stageMembers(stage: string, stages: ReadonlyMap<string, StageDraft>, issues: Issue[]): string[] {
  const chain: string[] = [];
  const members = new Set<string>();
  for (let here: string | undefined = stage; here !== undefined; here = stages.get(here)?.extends) {
    const draft = stages.get(here);
    if (!draft) {
      if (chain.length === 1) issues.push(extendsIssue(stage, stages, `"${here}", which is no stage`));
      break;
    }
    if (chain.includes(here)) {
      const isFirst = here === stage && stage === chain.toSorted()[0];
      if (isFirst) issues.push(extendsIssue(stage, stages, `itself: ${[...chain, here].join(' → ')}`));
      break;
    }
    for (const member of draft.components) members.add(member);
    chain.push(here);
  }
  return [...members].sort();
}

function extendsIssue(stage: string, stages: ReadonlyMap<string, StageDraft>, what: string): Issue {
  const { file, extends: parent } = stages.get(stage)!;
  return {
    file,
    path: ['stages', stage, 'extends'],
    isKey: false,
    message: `Cannot build stage "${stage}": it extends ${what}.`,
    fix: stages.has(parent!) ? 'Remove one "extends".' : suggestion(parent!, [...stages.keys()]),
  };
}

/** Sorts the components, or finds the cycle that keeps them from being sorted. */
function order(
  drafts: ReadonlyMap<string, Draft>,
  references: ReadonlyMap<string, Readonly<Record<string, Reference>>>,
  stages: Readonly<Record<string, readonly string[]>>,
): { graph: Graph } | { issues: Issue[] } {
  const digraph = new DirectedGraph();
  for (const component of [...drafts.keys()].sort()) digraph.addNode(component);
  for (const [consumer, inputs] of references) {
    for (const reference of Object.values(inputs)) {
      if (reference.type === 'output') digraph.mergeEdge(reference.component, consumer);
    }
  }
  const cycles = findCycles(digraph);
  if (cycles.length > 0) return { issues: cycles.map((cycle) => cycleIssue(cycle, drafts, references)) };
  const sorted = topologicalGenerations(digraph).flatMap((generation) => generation.toSorted());
  const ranks = rankAll(digraph, sorted);
  const perRun = new Set<string>();
  const components = sorted.map((key) => {
    const { file, processor, rule, required, params } = drafts.get(key)!;
    const inputs = references.get(key)!;
    if (
      Object.values(inputs).some(
        (input) => input.type === 'video' || (input.type === 'output' && perRun.has(input.component)),
      )
    ) {
      perRun.add(key);
    }
    return {
      name: key,
      file,
      processor,
      rule,
      inputs,
      isRequired: required,
      params,
      isPerRun: perRun.has(key),
      rank: ranks.get(key)!,
    };
  });
  return { graph: { components, stages } };
}

function rankAll(digraph: DirectedGraph, sorted: readonly string[]): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const component of sorted.toReversed()) {
    let rank = 0;
    digraph.forEachOutNeighbor(component, (consumer) => {
      rank = Math.max(rank, ranks.get(consumer)! + 1);
    });
    ranks.set(component, rank);
  }
  return ranks;
}

/** Cycles that share no component. */
function findCycles(digraph: DirectedGraph): string[][] {
  const cycles: string[][] = [];
  for (let cycle = findCycle(digraph); cycle; cycle = findCycle(digraph)) {
    cycles.push(cycle);
    for (const node of cycle) digraph.dropNode(node);
  }
  return cycles;
}

/** One way round: components in the order in which each one feeds the next; the last feeds the first. */
function findCycle(digraph: DirectedGraph): string[] | undefined {
  const inDegrees = new Map(digraph.mapNodes((node) => [node, digraph.inDegree(node)] as const));
  const free = [...inDegrees.keys()].filter((node) => inDegrees.get(node) === 0);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    inDegrees.delete(node);
    digraph.forEachOutNeighbor(node, (next) => {
      inDegrees.set(next, inDegrees.get(next)! - 1);
      if (inDegrees.get(next) === 0) free.push(next);
    });
  }
  // What is left lies on cycles or behind them: walking backwards must come round.
  const path: string[] = [];
  for (let node = inDegrees.keys().next().value; node !== undefined; ) {
    const seen = path.indexOf(node);
    if (seen >= 0) return path.slice(seen).reverse();
    path.push(node);
    node = digraph.inNeighbors(node).find((producer) => inDegrees.has(producer));
  }
  return undefined;
}

function cycleIssue(
  cycle: readonly string[],
  drafts: ReadonlyMap<string, Draft>,
  references: ReadonlyMap<string, Readonly<Record<string, Reference>>>,
): Issue {
  const first = cycle.indexOf([...drafts.keys()].find((name) => cycle.includes(name))!);
  const [consumer, ...others] = [...cycle.slice(first), ...cycle.slice(0, first)] as [string, ...string[]];
  const producer = others.at(-1) ?? consumer;
  const input = Object.entries(references.get(consumer)!).find(
    ([, reference]) => reference.type === 'output' && reference.component === producer,
  )![0];
  return {
    file: drafts.get(consumer)!.file,
    path: ['components', consumer, 'inputs', input],
    isKey: false,
    message:
      others.length === 0
        ? `Cannot order the components: "${consumer}" waits for itself: ${consumer} → ${consumer}.`
        : `Cannot order the components: they wait for each other: ${[consumer, ...others, consumer].join(' → ')}.`,
    fix: others.length === 0 ? 'Remove this input.' : 'Remove one of these inputs.',
  };
}
