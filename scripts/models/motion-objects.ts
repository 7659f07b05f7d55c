/** The model `motion-objects`: what moves by itself. Its entry says what goes in and comes out. */
import { GraphBuilder, type Value } from '../../engine/io/onnx/graph-builder.ts';
import { cameraMotion } from './camera-motion.ts';
import { denseFlow, difference, type FlowSettings, type Warped, warp } from './dense-flow.ts';
import { gaussian, halve, separable } from './filters.ts';
import { split } from './parts.ts';

/** Half the size of the frames: what moves is larger than a pixel, and this is a quarter of the work. */
const flowSettings: FlowSettings = {
  width: 128,
  height: 72,
  iterations: [6, 8, 10],
  sigma: 2,
  surroundings: 9,
};

/** Motion against the camera's that counts half; pixels of that size from one frame to the next. */
const halfMotion = 0.5;

/** Difference between the frames, the camera's motion undone, that counts half; luma from 0 to 1. */
const halfDifference = 0.025;

/**
 * Both must speak for it: flow that is not the camera's, and pixels that the camera's motion does not bring into place.
 * Flow alone goes astray where there is no texture, and differences alone show every edge that is half a pixel off.
 */
export function motionObjects(): GraphBuilder {
  const g = new GraphBuilder('motion-objects');
  const { width, height } = flowSettings;
  const pairs = g.input('pairs', ['N', 2, 2 * height, 2 * width]);
  const [earlier, later] = split(g, halve(g, pairs, 2), 2);
  // From the later frame back to the earlier one, so that the regions lie where things are in the later one.
  const backwards = g.node('Concat', [later, earlier], { axis: 1 });
  const { flow, confidence } = denseFlow(g, backwards, flowSettings);
  const { camera, unexplained } = cameraAndRest(g, { earlier, later, flow, confidence });
  const own = lengthOf(g, g.node('Sub', [flow, camera]));
  const around = separable(g, unexplained, { taps: gaussian({ sigma: 2, radius: 5 }), channels: 1 });
  const motion = g.node('Mul', [risen(g, own, halfMotion), risen(g, around, halfDifference)]);
  g.output('motion', motion, ['N', 1, height, width]);
  return g;
}

interface Scene {
  readonly earlier: Value;
  readonly later: Value;
  readonly flow: Value;
  readonly confidence: Value;
}

/**
 * The camera's motion, and how far off the pixels are when it is undone.
 *
 * A camera is taken to stand still unless the motion that fits best explains clearly more: something large before a
 * plain ground would else pass for the camera's own motion.
 */
function cameraAndRest(
  g: GraphBuilder,
  { earlier, later, flow, confidence }: Scene,
): { camera: Value; unexplained: Value } {
  const fitted = cameraMotion(g, flow, { confidence, ...flowSettings });
  const moving = distance(g, later, warp(g, fitted, { second: earlier, ...flowSettings }));
  const still = distance(g, later, { warped: earlier, isInside: g.constant([1], [1, 1, 1, 1]) });
  const clearlyLess = g.node('Mul', [disorder(g, still), 0.8]);
  const isMoving = g.node('Less', [disorder(g, moving), clearlyLess]);
  return {
    camera: g.node('Where', [isMoving, fitted, 0]),
    unexplained: g.node('Where', [isMoving, moving, still]),
  };
}

function distance(g: GraphBuilder, later: Value, warped: Warped): Value {
  return g.node('Abs', [difference(g, later, { ...warped, ...flowSettings })]);
}

/** How much of a picture is out of place, from 0 to 1: [N, 1, 1, 1]. */
function disorder(g: GraphBuilder, distances: Value): Value {
  return g.node('GlobalAveragePool', [risen(g, distances, halfDifference / 3)]);
}

/** Of vectors [N, 2, h, w]: [N, 1, h, w]. */
function lengthOf(g: GraphBuilder, vectors: Value): Value {
  return g.node('ReduceL2', [vectors], { axes: [1] });
}

/** From 0 at 0 through ½ at `half` to 1: v⁴ / (v⁴ + half⁴). */
function risen(g: GraphBuilder, value: Value, half: number): Value {
  const squared = g.node('Mul', [value, value]);
  const fourth = g.node('Mul', [squared, squared]);
  return g.node('Div', [fourth, g.node('Add', [fourth, half ** 4])]);
}
