/** Nodes of a plan as the schedule sees them: who needs whom, and what each takes while it runs. */
import type { Component } from '../../engine/core/component.ts';
import { text } from '../../engine/core/kind.ts';
import type { ActionNode, Binding } from '../../engine/core/plan.ts';
import { input, type Resources } from '../../engine/core/rule.ts';

export interface FakeNode {
  readonly reads: readonly {
    readonly node: ActionNode;
    readonly isOptional: boolean;
    readonly readsMeta?: boolean;
  }[];
  readonly resources?: Resources;
  readonly rank?: number;
  readonly params?: Readonly<Record<string, unknown>>;
}

const scope = { label: '', origin: '', order: 0 };

export function fakeNode(name: string, fake: FakeNode): ActionNode {
  const { reads, resources = { cores: 1, memoryMiB: 1 }, rank = 0, params = {} } = fake;
  const rule = { runTogether: undefined, params: { shape: {} } };
  const loaded = { rule, digest: 'b3:rule' };
  const component = { name, rank, resources, loaded, models: [], retries: 0 };
  const bindings = reads.map(({ node, isOptional, readsMeta = false }, index): Binding => {
    const spec = input(text(), { isOptional, readsMeta });
    return { type: 'artifact', name: `in${index}`, spec, node, output: 'text' };
  });
  const node: ActionNode = {
    id: `//${name}`,
    scope,
    component: component as unknown as Component, // As much of one as keys and schedules look at.
    phase: 'run',
    params,
    sampling: undefined,
    segment: undefined,
    bindings,
    parts: [],
    outputs: { text: text() },
    dependents: new Set(),
  };
  for (const { node: producer } of reads) producer.dependents.add(node);
  return node;
}
