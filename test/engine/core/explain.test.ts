/** Keys on random graphs, mutated at one ingredient: what is told is that ingredient and no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ActionKey, actionKey } from '../../../engine/core/action-key.ts';
import type { Ingredients } from '../../../engine/core/changed-facts.ts';
import { type Digest, digestJson, digestOf } from '../../../engine/core/digest.ts';
import { Explainer, type Explanation, rootCauses } from '../../../engine/core/explain.ts';
import { type PastKey, placeOf } from '../../../engine/core/history.ts';
import { file, files, segments, text } from '../../../engine/core/kind.ts';
import type { ActionNode, Binding } from '../../../engine/core/plan.ts';
import { input } from '../../../engine/core/rule.ts';
import type { ActionResult } from '../../../engine/core/store.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';
import { seed } from '../../properties/seed.ts';

/** What an action is made of, apart from what others give it. */
interface Make {
  readonly rule: number;
  readonly params: Readonly<Record<string, number>>;
  readonly program: number;
  readonly source: number;
  readonly list: Readonly<Record<string, number>>;
  readonly fps: number;
  readonly policy: number;
  /** Content of its segment. */
  readonly segment: number;
  readonly outputs: number;
  /** Its first read is a part that it merges, and begins at this second. */
  readonly partStart: number | undefined;
  /** Earlier nodes that it reads. */
  readonly reads: readonly number[];
}

type Graph = readonly Make[];

interface World {
  readonly nodes: readonly ActionNode[];
  readonly keys: ReadonlyMap<ActionNode, ActionKey>;
  readonly results: ReadonlyMap<ActionNode, ActionResult>;
}

const digest = (what: string, number: number): Digest => digestOf(`${what} ${number}`);

function nodesOf(graph: Graph): ActionNode[] {
  const nodes: ActionNode[] = [];
  for (const [index, make] of graph.entries()) {
    const part = make.partStart === undefined ? undefined : make.reads[0];
    const reads = make.reads
      .filter((at) => at !== part)
      .map((at) => ({ node: nodes[at]!, isOptional: false }));
    const node = fakeNode(`n${index}`, { reads, params: make.params });
    const origin = { startSec: make.partStart ?? 0, durationSec: 1, firstFrame: 0, frameCount: 1 };
    const sources: Binding[] = [
      {
        type: 'source',
        name: 'source',
        spec: input(file()),
        source: { files: [sourceFile('a.txt', make.source)] },
      },
      {
        type: 'source',
        name: 'list',
        spec: input(files()),
        source: { files: Object.entries(make.list).map(([name, content]) => sourceFile(name, content)) },
      },
    ];
    nodes.push({
      ...node,
      component: {
        ...node.component,
        samplingPolicyVersion: String(make.policy),
        loaded: { ...node.component.loaded, digest: digest('rule', make.rule) },
      },
      phase: part === undefined ? 'run' : 'merge',
      parts: part === undefined ? [] : [{ node: nodes[part]!, origin }],
      outputs: { text: text(), ...(make.outputs % 2 === 1 && { more: text() }) },
      segment: { ...segment, digest: digest('segment', make.segment) },
      bindings: [
        ...node.bindings,
        ...sources,
        { type: 'segment', name: 'segments', spec: input(segments()) },
      ],
      sampling: { fps: make.fps, width: 320, height: 180 },
    });
  }
  return nodes;
}

const segment = {
  ...{ index: 0, startSec: 0, durationSec: 1, firstFrame: 0, timeBase: [1, 25] as const, startPts: 0 },
  ...{ framePts: [0], width: 320, height: 180, keyframes: [0] },
};

function sourceFile(name: string, content: number): { name: string; path: string; digest: Digest } {
  return { name, path: name, digest: digest('file', content) };
}

/** As a build would: each action's output is named by its key. */
function build(graph: Graph): World {
  const nodes = nodesOf(graph);
  const keys = new Map<ActionNode, ActionKey>();
  const results = new Map<ActionNode, ActionResult>();
  for (const [index, node] of nodes.entries()) {
    const programs = { ffmpeg: `version ${graph[index]!.program}` };
    const key = actionKey(node, { resultOf: (other) => results.get(other), programs });
    const content = digestJson(['made by', key.key]);
    const output = {
      digest: content,
      content,
      sizeBytes: 1,
      format: 'text',
      extension: 'txt',
      isEphemeral: false,
    };
    keys.set(node, key);
    results.set(node, { status: 'success', warnings: [], outputs: { text: output }, durationMs: 1 });
  }
  return { nodes, keys, results };
}

/** Explains every action of the last world, all worlds before it being history. */
function explainAll(worlds: readonly World[]): Explanation[] {
  const now = worlds.at(-1)!;
  const past = new Map<string, PastKey[]>();
  const made = new Map<Digest, { ingredients: Ingredients; result: ActionResult }>();
  for (const [index, world] of worlds.entries()) {
    for (const node of world.nodes) {
      const { key, ingredients } = world.keys.get(node)!;
      const place = placeOf(node);
      const rows = past.get(JSON.stringify(place)) ?? [];
      const others = rows.filter((row) => row.key !== key);
      const row: PastKey = { key, atMs: index, outcome: 'ran', durationMs: 1, request: '' };
      past.set(JSON.stringify(place), rows[0]?.key === key ? rows : [row, ...others]);
      made.set(key, {
        ingredients: JSON.parse(JSON.stringify(ingredients)),
        result: world.results.get(node)!,
      });
    }
  }
  const explainer = new Explainer(
    {
      keyOf: (node) => now.keys.get(node),
      resultOf: (node) => now.results.get(node),
      isInUse: (key) => [...now.keys.values()].some((one) => one.key === key),
    },
    {
      keysOf: (place) => past.get(JSON.stringify(place)) ?? [],
      lastBuildMs: () => worlds.length - 1,
      ingredientsOf: (key) => made.get(key)?.ingredients,
      resultOf: (key) => made.get(key)?.result,
      evictionOf: () => undefined,
      unsentOf: () => undefined,
    },
  );
  return now.nodes.map((node) => explainer.explain(node));
}

const number = fc.nat({ max: 1000 });

const makes = fc.array(
  fc.record({
    rule: number,
    params: fc.dictionary(fc.constantFrom('a', 'b', 'threshold', '__x'), number, { minKeys: 1 }),
    program: number,
    source: number,
    list: fc.dictionary(fc.constantFrom('x.txt', 'y.txt', 'z.txt'), number, { minKeys: 1 }),
    fps: fc.integer({ min: 1, max: 60 }),
    policy: number,
    segment: number,
    outputs: number,
    partStart: fc.option(number, { nil: undefined }),
    picks: fc.array(fc.nat(), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 8 },
);

const graphs = makes.map(
  (drafts): Graph =>
    drafts.map(({ picks, ...make }, index) => ({
      ...make,
      reads: index === 0 ? [] : [...new Set(picks.map((pick) => pick % index))],
    })),
);

/** One ingredient of one action, and how it is changed. */
const changes = [
  ...[
    'rule',
    'param',
    'new param',
    'program',
    'source',
    'list',
    'new file',
    'fps',
    'policy',
    'segment',
    'outputs',
  ],
  ...['edge', 'part'],
] as const;
const mutations = fc.constantFrom(...changes);

function mutate(make: Make, what: string): { make: Make; field: readonly string[] } {
  const [param] = Object.keys(make.params).sort();
  const [listed] = Object.keys(make.list).sort();
  switch (what) {
    case 'rule':
      return { make: { ...make, rule: make.rule + 1 }, field: ['rule'] };
    case 'param':
      return {
        make: { ...make, params: { ...make.params, [param!]: make.params[param!]! + 1 } },
        field: ['params', param!],
      };
    case 'new param':
      return { make: { ...make, params: { ...make.params, fresh: 1 } }, field: ['params', 'fresh'] };
    case 'program':
      return { make: { ...make, program: make.program + 1 }, field: ['env', 'ffmpeg'] };
    case 'source':
      return { make: { ...make, source: make.source + 1 }, field: ['inputs', 'source'] };
    case 'list':
      return {
        make: { ...make, list: { ...make.list, [listed!]: make.list[listed!]! + 1 } },
        field: ['inputs', 'list', listed!],
      };
    case 'new file':
      return { make: { ...make, list: { ...make.list, 'zz.txt': 1 } }, field: ['inputs', 'list', 'zz.txt'] };
    case 'segment':
      return { make: { ...make, segment: make.segment + 1 }, field: ['inputs', 'segments'] };
    case 'outputs':
      return { make: { ...make, outputs: make.outputs + 1 }, field: ['outputs'] };
    case 'edge': {
      const isPart = make.partStart !== undefined;
      const lost = make.reads.length - 1 - Number(isPart && make.reads.length > 0);
      if (lost < 0) return mutate(make, 'rule'); // It reads nothing that it could do without.
      return { make: { ...make, reads: make.reads.slice(0, -1) }, field: ['inputs', `in${lost}`] };
    }
    case 'part':
      if (make.partStart === undefined || make.reads.length === 0) return mutate(make, 'rule');
      return { make: { ...make, partStart: make.partStart + 1 }, field: ['parts', '0'] };
    case 'fps':
      return { make: { ...make, fps: make.fps + 1 }, field: ['sampling', 'fps'] };
    default:
      return { make: { ...make, policy: make.policy + 1 }, field: ['sampling', 'policy'] };
  }
}

test(`an ingredient changed at random is the one that is told, there and downstream (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(graphs, fc.nat(), mutations, (graph, pick, what) => {
      const at = pick % graph.length;
      const { make, field } = mutate(graph[at]!, what);
      const changed = graph.map((one, index) => (index === at ? make : one));
      const [before, after] = [build(graph), build(changed)];
      for (const [index, explanation] of explainAll([before, after]).entries()) {
        const isSame = before.keys.get(before.nodes[index]!)!.key === explanation.key;
        const roots = rootCauses(explanation.causes);
        if (isSame) assert.deepEqual(roots, [], `n${index} is what it was`);
        else {
          assert.equal(explanation.reason, 'changed');
          assert.deepEqual(
            roots.map((root) => [root.node.component.name, root.field]),
            [[`n${at}`, field]],
          );
        }
      }
    }),
    { seed, numRuns: 300 },
  );
});

test(`of several earlier keys the nearest is told (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(graphs, mutations, (graph, what) => {
      const far = graph.map((make, index) =>
        index === 0
          ? { ...make, rule: make.rule + 7, program: make.program + 7, source: make.source + 7 }
          : make,
      );
      const near = graph.map((make, index) => (index === 0 ? mutate(make, what) : { make, field: [] }));
      const [explanation] = explainAll([build(far), build(near.map(({ make }) => make)), build(graph)]);
      assert.deepEqual(
        explanation!.causes.map(({ field }) => field),
        [near[0]!.field],
      );
    }),
    { seed, numRuns: 100 },
  );
});

test('an action that has never had another key is told to be the first', () => {
  const graph: Graph = [
    {
      ...{ rule: 1, params: { a: 1 }, program: 1, source: 1, list: {}, fps: 1, policy: 1 },
      ...{ segment: 1, outputs: 1, partStart: undefined, reads: [] },
    },
  ];
  const [explanation] = explainAll([build(graph)]);
  assert.equal(explanation!.reason, 'first');
  assert.deepEqual(explanation!.causes, []);
});
