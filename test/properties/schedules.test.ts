import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ActionNode } from '../../engine/core/plan.ts';
import { Schedule } from '../../engine/core/schedule.ts';
import { fakeNode } from './fake-nodes.ts';
import { seed } from './seed.ts';

type Fate = 'cached' | 'runs' | 'fails' | 'retried' | 'made again';

interface Draft {
  readonly reads: readonly { readonly at: number; readonly isOptional: boolean }[];
  readonly cores: number;
  readonly memoryMiB: number;
  readonly fate: Fate;
}

interface World {
  readonly nodes: readonly ActionNode[];
  readonly fates: ReadonlyMap<ActionNode, Fate>;
}

function makeWorld(drafts: readonly Draft[]): World {
  const nodes: ActionNode[] = [];
  const fates = new Map<ActionNode, Fate>();
  for (const [index, { reads, cores, memoryMiB, fate }] of drafts.entries()) {
    const producers = new Map(
      nodes.length === 0 ? [] : reads.map(({ at, isOptional }) => [nodes[at % nodes.length]!, isOptional]),
    );
    const node = fakeNode(`n${index}`, {
      reads: [...producers].map(([producer, isOptional]) => ({ node: producer, isOptional })),
      resources: { cores, memoryMiB },
      rank: index % 3,
    });
    nodes.push(node);
    fates.set(node, fate);
  }
  return { nodes, fates };
}

const capacity = { cores: 3, memoryMiB: 100 };

/** Drives a schedule to its end, finishing what runs in the order that `pick` says. */
function drive(
  { nodes, fates }: World,
  pick: () => number,
): { outcome: string[]; settled: Map<ActionNode, number> } {
  const schedule = new Schedule(capacity);
  const settled = new Map<ActionNode, number>();
  const count = (node: ActionNode): void => {
    settled.set(node, (settled.get(node) ?? 0) + 1);
  };
  const running: ActionNode[] = [];
  const retried = new Set<ActionNode>();
  const madeAgain = new Set<ActionNode>();
  for (const node of schedule.add(nodes)) count(node);
  for (let turns = 0; ; turns += 1) {
    assert.ok(turns < 10_000, 'the schedule does not come to an end');
    for (let node = schedule.nextOpen(); node; node = schedule.nextOpen()) {
      if (fates.get(node) !== 'cached') schedule.makeReady(node);
      else {
        schedule.done(node);
        count(node);
      }
    }
    const started = schedule.nextToStart(() => true);
    running.push(...started);
    assertFits(running);
    if (started.length > 0) continue;
    if (running.length === 0) break;
    const [node] = running.splice(pick() % running.length, 1);
    const fate = fates.get(node!)!;
    if (fate === 'retried' && !retried.has(node!)) {
      retried.add(node!);
      schedule.park(node!, []);
      schedule.makeReady(node!);
    } else if (fate === 'fails') {
      for (const lost of schedule.fail(node!)) count(lost);
      count(node!);
    } else {
      schedule.done(node!);
      if (!madeAgain.has(node!)) count(node!);
      if (fate === 'made again' && !madeAgain.has(node!)) {
        madeAgain.add(node!);
        schedule.makeReady(node!);
      }
    }
  }
  return { outcome: nodes.map((node) => `${node.id} ${schedule.stateOf(node)}`), settled };
}

function assertFits(running: readonly ActionNode[]): void {
  if (running.length <= 1) return; // Alone an action may take all there is.
  const sum = (of: 'cores' | 'memoryMiB'): number =>
    running.reduce((total, node) => total + node.component.resources[of], 0);
  const greedy = running.some(
    ({ component }) =>
      component.resources.cores > capacity.cores || component.resources.memoryMiB > capacity.memoryMiB,
  );
  assert.ok(greedy || sum('cores') <= capacity.cores, `${sum('cores')} cores are in use`);
  assert.ok(greedy || sum('memoryMiB') <= capacity.memoryMiB, `${sum('memoryMiB')} MiB are in use`);
}

const draft = fc.record({
  reads: fc.array(fc.record({ at: fc.nat({ max: 30 }), isOptional: fc.boolean() }), { maxLength: 3 }),
  cores: fc.constantFrom(0, 1, 1, 2, 3),
  memoryMiB: fc.constantFrom(1, 30, 60, 100),
  fate: fc.constantFrom<Fate>('cached', 'runs', 'runs', 'fails', 'retried', 'made again'),
});

function picker(start: number): () => number {
  let state = start + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

test(`any order of finishing settles the same nodes in the same way, each once, within capacity (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(
      fc.array(draft, { maxLength: 30 }),
      fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
      (drafts, orders) => {
        const world = makeWorld(drafts);
        const first = drive(world, () => 0);
        assert.deepEqual(
          world.nodes.map((node) => first.settled.get(node)),
          world.nodes.map(() => 1),
        );
        for (const order of orders) assert.deepEqual(drive(world, picker(order)), first);
      },
    ),
    { seed, numRuns: 300 },
  );
});

test('a node that asks for more than there is runs alone', () => {
  const { nodes, fates } = makeWorld([
    { reads: [], cores: 9, memoryMiB: 1, fate: 'runs' },
    { reads: [], cores: 1, memoryMiB: 900, fate: 'runs' },
    { reads: [], cores: 1, memoryMiB: 1, fate: 'runs' },
  ]);
  const { outcome } = drive({ nodes, fates }, () => 0);
  assert.deepEqual(outcome, ['//n0 done', '//n1 done', '//n2 done']);
});
