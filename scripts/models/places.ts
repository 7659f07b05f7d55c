/** Where the pixels of a plane are. */
import type { GraphBuilder, Value } from '../../engine/io/onnx/graph-builder.ts';

/** x and y of every pixel, from −1, the middle of the first one, to 1, that of the last: [1, 2, height, width]. */
export function placesOf(g: GraphBuilder, { width, height }: { width: number; height: number }): Value {
  const along = (length: number) => Array.from({ length }, (_, at) => (2 * at) / (length - 1) - 1);
  const none = (length: number) => new Array<number>(length).fill(0);
  const x = g.constant([...along(width), ...none(width)], [1, 2, 1, width]);
  const y = g.constant([...none(height), ...along(height)], [1, 2, height, 1]);
  return g.node('Add', [x, y]);
}
