/**
 * The camera's own motion as part of a graph: the affine motion that most of a picture follows.
 *
 * Method: least squares, weighted anew several times by how well each place agrees so far (Odobez and Bouthemy, "Robust
 * multiresolution estimation of parametric motion models", JVCIR 6, 1995), with Geman and McClure's weights, whose scale
 * shrinks from guess to guess so that a first bad fit can be left behind.
 */
import type { GraphBuilder, Value } from '../../engine/io/onnx/graph-builder.ts';
import { split } from './parts.ts';
import { placesOf } from './places.ts';

/** What a place may be off by and still have a say of a quarter; pixels, one a guess. */
const scales = [16, 8, 4, 2, 1, 0.5];

/** What a place without texture has to say: a wide empty ground must outweigh one thing on it. */
const floor = 0.05;

export interface CameraSettings {
  /** [N, 1, height, width]: what each place has to say. */
  readonly confidence: Value;
  readonly width: number;
  readonly height: number;
}

/**
 * @param flow [N, 2, height, width], pixels
 * @returns as `flow`: what it would be if nothing but the camera moved
 */
export function cameraMotion(
  g: GraphBuilder,
  flow: Value,
  { confidence, width, height }: CameraSettings,
): Value {
  const [x, y] = split(g, placesOf(g, { width, height }), 2);
  const say = g.node('Add', [confidence, floor]);
  const places = { x, y };
  let camera = fitted(g, { flow, weights: say, places });
  for (const scale of scales) {
    const weights = g.node('Mul', [say, agreement(g, { flow, camera, scale })]);
    camera = fitted(g, { flow, weights, places });
  }
  return camera;
}

/** s⁴ / (s² + r²)²: 1 for no difference r, ¼ for one of s. */
function agreement(
  g: GraphBuilder,
  { flow, camera, scale }: { flow: Value; camera: Value; scale: number },
): Value {
  const squares = g.node('ReduceSumSquare', [g.node('Sub', [flow, camera])], { axes: [1] });
  const root = g.node('Div', [scale ** 2, g.node('Add', [squares, scale ** 2])]);
  return g.node('Mul', [root, root]);
}

interface Places {
  /** [1, 1, height, width], from −1 to 1. */
  readonly x: Value;
  readonly y: Value;
}

/**
 * The weighted least squares fit of both components by a + b x + c y.
 *
 * Coordinates are taken from their weighted mean: then a is the mean of the flow, and two unknowns are left.
 */
function fitted(
  g: GraphBuilder,
  { flow, weights, places }: { flow: Value; weights: Value; places: Places },
): Value {
  const total = g.node('Add', [average(g, weights), 1e-6]);
  const mean = (values: Value) => g.node('Div', [average(g, g.node('Mul', [weights, values])), total]);
  const x = g.node('Sub', [places.x, mean(places.x)]);
  const y = g.node('Sub', [places.y, mean(places.y)]);
  const middle = mean(flow);
  const rest = g.node('Sub', [flow, middle]);
  // A little is added where the weights lie on one line or nowhere: the slopes that they leave open are 0.
  const xx = g.node('Add', [mean(g.node('Mul', [x, x])), 1e-4]);
  const yy = g.node('Add', [mean(g.node('Mul', [y, y])), 1e-4]);
  const xy = mean(g.node('Mul', [x, y]));
  const fx = mean(g.node('Mul', [rest, x]));
  const fy = mean(g.node('Mul', [rest, y]));
  const determinant = cross(g, [xx, yy], [xy, xy]);
  const b = g.node('Div', [cross(g, [fx, yy], [fy, xy]), determinant]);
  const c = g.node('Div', [cross(g, [fy, xx], [fx, xy]), determinant]);
  const slope = g.node('Add', [g.node('Mul', [b, x]), g.node('Mul', [c, y])]);
  return g.node('Add', [middle, slope]);
}

function cross(g: GraphBuilder, plus: readonly [Value, Value], minus: readonly [Value, Value]): Value {
  return g.node('Sub', [g.node('Mul', plus), g.node('Mul', minus)]);
}

/** Over a whole plane: [N, C, 1, 1]. */
function average(g: GraphBuilder, planes: Value): Value {
  return g.node('GlobalAveragePool', [planes]);
}
