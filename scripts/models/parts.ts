/** Parts of the tensors of a graph. */
import type { GraphBuilder, Value } from '../../engine/io/onnx/graph-builder.ts';

interface Parts {
  2: [Value, Value];
  3: [Value, Value, Value];
}

/** Equal parts along the channels, axis 1. */
export function split<C extends keyof Parts>(g: GraphBuilder, values: Value, count: C): Parts[C] {
  // As many as it was asked for.
  return g.nodes({ op: 'Split', inputs: [values], attributes: { axis: 1 }, outputs: count }) as Parts[C];
}

/** What lies from one place of an axis up to, and without, another. */
export function slice(
  g: GraphBuilder,
  values: Value,
  { axis, from, to }: { axis: number; from: number; to: number },
): Value {
  return g.node('Slice', [values, g.integers(from), g.integers(to), g.integers(axis)]);
}
