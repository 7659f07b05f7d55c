/** The JSON of `flow graph --format json`; docs/graph.md describes it. A change of its shape bumps `schema_version`. */
import type { GraphNode, GraphView } from './graph-view.ts';

export interface GraphDocument {
  readonly schema_version: 1;
  readonly title: string;
  /** Producers first. */
  readonly nodes: readonly NodeDocument[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly output: string }[];
}

interface NodeDocument {
  readonly name: string;
  readonly processor: string;
  readonly rule: string;
  readonly version: string | null;
  readonly required: boolean;
  readonly enabled: boolean;
  /** Null without a target, and where nothing asks the component for anything. */
  readonly status: 'cached' | 'to_run' | 'unknown' | null;
  readonly actions: { readonly cached: number; readonly to_run: number } | null;
  readonly bytes: number | null;
  readonly last_duration_ms: number | null;
  readonly inputs: readonly { readonly name: string; readonly from: string | null }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly format: string;
    readonly ephemeral: boolean;
    readonly arrays: readonly string[];
  }[];
  readonly params: readonly { readonly name: string; readonly value: unknown; readonly doc: string | null }[];
}

export function graphDocument({ title, nodes, edges }: GraphView): GraphDocument {
  return { schema_version: 1, title, nodes: nodes.map(nodeDocument), edges };
}

function nodeDocument(node: GraphNode): NodeDocument {
  const { name, processor, rule, version, status, actions, bytes, lastDurationMs } = node;
  return {
    name,
    processor,
    rule,
    version: version ?? null,
    required: node.isRequired,
    enabled: node.isEnabled,
    status: status ?? null,
    actions: actions ? { cached: actions.cached, to_run: actions.toRun } : null,
    bytes: bytes ?? null,
    last_duration_ms: lastDurationMs ?? null,
    inputs: node.inputs.map((input) => ({ name: input.name, from: input.from ?? null })),
    outputs: node.outputs.map(({ isEphemeral, ...output }) => ({ ...output, ephemeral: isEphemeral })),
    params: node.params.map((param) => ({ ...param, doc: param.doc ?? null })),
  };
}
