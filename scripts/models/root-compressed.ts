/** Loudness and contrast as ears and eyes have them. */
import type { GraphBuilder, Value } from '../../engine/io/onnx/graph-builder.ts';

/**
 * The eighth root: all but a logarithm, and finite at 0.
 *
 * Made of square roots, which are rounded alike everywhere. Logarithms are not: their last bit depends on where in a
 * tensor an element stands, and so on what else is in the batch.
 *
 * @param values 0 or more
 */
export function rootCompressed(g: GraphBuilder, values: Value): Value {
  return g.node('Sqrt', [g.node('Sqrt', [g.node('Sqrt', [values])])]);
}
