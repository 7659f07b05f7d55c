/**
 * Dense optical flow as part of a graph, coarse to fine.
 *
 * Method: Lucas and Kanade, "An iterative image registration technique with an application to stereo vision", IJCAI
 * (1981), at every pixel over a Gaussian window; on each level of a pyramid the second frame is warped by what is
 * known so far and the rest estimated again (Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker",
 * Intel, 2001). Gradients are those of the first frame, so that the windows' sums of their products are made once a
 * level. (Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 56, 2004.)
 */
import type { GraphBuilder, Value } from '../../engine/io/onnx/graph-builder.ts';
import { double, edgePadded, gaussian, halve, interleaved, localMean, separable } from './filters.ts';
import { split } from './parts.ts';
import { placesOf } from './places.ts';

export interface FlowSettings {
  readonly width: number;
  readonly height: number;
  /** Estimates on each level, finest first. */
  readonly iterations: readonly number[];
  /** Of the window; pixels of its level. */
  readonly sigma: number;
  /** Within how wide a square light may change and not be taken for motion; pixels of a level, odd. */
  readonly surroundings: number;
}

/** What a gradient must stand out against; luma from 0 to 1, per pixel. */
const noise = 0.01;

/** Farthest that one estimate moves a pixel of its level: beyond it a gradient says nothing. */
const longestStep = 1;

/**
 * @param pairs [N, 2, height, width]: luma of two frames, from 0 to 1
 * @returns `flow` [N, 2, height, width]: dx, dy in pixels, from the first frame to the second; `confidence`
 * [N, 1, height, width], from 0 to 1: how well the texture around a pixel holds it in every direction
 */
export function denseFlow(
  g: GraphBuilder,
  pairs: Value,
  settings: FlowSettings,
): { flow: Value; confidence: Value } {
  const levels = pyramid(g, pairs, settings);
  let flow: Value | undefined;
  let confidence: Value | undefined;
  for (const level of levels.toReversed()) {
    const texture = textureOf(g, level, settings);
    flow = flow
      ? g.node('Mul', [double(g, flow, { ...level, channels: 2 }), 2])
      : g.node('Mul', [level.pairs, 0]);
    for (let at = 0; at < level.iterations; at += 1) flow = refined(g, flow, { level, texture, settings });
    confidence = texture.confidence;
  }
  return { flow: flow!, confidence: confidence! }; // There is a level.
}

export interface Warping {
  /** [N, 1, height, width], or with pixels put between; see `interleaved`. */
  readonly second: Value;
  /** Of the pixels; see `placesOf`. */
  readonly places?: Value;
  readonly width: number;
  readonly height: number;
}

interface Level extends Warping {
  readonly pairs: Value;
  readonly first: Value;
  readonly places: Value;
  readonly iterations: number;
}

/** Finest first. */
function pyramid(g: GraphBuilder, pairs: Value, { width, height, iterations }: FlowSettings): Level[] {
  let planes = pairs;
  return iterations.map((count, depth) => {
    if (depth > 0) planes = halve(g, planes, 2);
    const [first, second] = split(g, planes, 2);
    const size = { width: width >> depth, height: height >> depth };
    return {
      pairs: planes,
      first,
      second: depth === 0 ? interleaved(g, second) : second,
      places: placesOf(g, size),
      ...size,
      iterations: count,
    };
  });
}

interface Texture {
  /** [N, 2, h, w]: along x and y. */
  readonly gradient: Value;
  /** Of the inverse of the windows' sums of products: [a b; b c], each [N, 1, h, w]. */
  readonly a: Value;
  readonly b: Value;
  readonly c: Value;
  readonly confidence: Value;
}

function textureOf(g: GraphBuilder, { first }: Level, settings: FlowSettings): Texture {
  const gradient = gradientOf(g, first);
  const [x, y] = split(g, gradient, 2);
  const products = g.node('Concat', [g.node('Mul', [x, x]), g.node('Mul', [x, y]), g.node('Mul', [y, y])], {
    axis: 1,
  });
  const sums = separable(g, products, { taps: windowOf(settings), channels: 3 });
  const [xx, xy, yy] = split(g, sums, 3);
  const xxHeld = g.node('Add', [xx, noise ** 2]);
  const yyHeld = g.node('Add', [yy, noise ** 2]);
  const determinant = g.node('Sub', [g.node('Mul', [xxHeld, yyHeld]), g.node('Mul', [xy, xy])]);
  return {
    gradient,
    a: g.node('Div', [yyHeld, determinant]),
    b: g.node('Neg', [g.node('Div', [xy, determinant])]),
    c: g.node('Div', [xxHeld, determinant]),
    confidence: confidenceOf(g, { xx, xy, yy }),
  };
}

/** λ / (λ + 4 noise²), with λ the smaller eigenvalue of the windows' sums. */
function confidenceOf(g: GraphBuilder, { xx, xy, yy }: { xx: Value; xy: Value; yy: Value }): Value {
  const half = g.node('Mul', [g.node('Sub', [xx, yy]), 0.5]);
  const root = g.node('Sqrt', [g.node('Add', [g.node('Mul', [half, half]), g.node('Mul', [xy, xy])])]);
  const mean = g.node('Mul', [g.node('Add', [xx, yy]), 0.5]);
  const smaller = g.node('Relu', [g.node('Sub', [mean, root])]);
  return g.node('Div', [smaller, g.node('Add', [smaller, 4 * noise ** 2])]);
}

/** Differences of neighbours two apart, smoothed across (Scharr, 2000), per pixel. */
function gradientOf(g: GraphBuilder, plane: Value): Value {
  const across = [3, 10, 3];
  const along = [-1, 0, 1];
  const x = across.flatMap((one) => along.map((other) => (one * other) / 32));
  const y = along.flatMap((one) => across.map((other) => (one * other) / 32));
  return g.node('Conv', [edgePadded(g, plane, 1), g.constant([...x, ...y], [2, 1, 3, 3])], {
    kernel_shape: [3, 3],
  });
}

function refined(
  g: GraphBuilder,
  flow: Value,
  { level, texture, settings }: { level: Level; texture: Texture; settings: FlowSettings },
): Value {
  const rest = difference(g, level.first, { ...warp(g, flow, level), ...settings });
  const sums = separable(g, g.node('Mul', [texture.gradient, rest]), {
    taps: windowOf(settings),
    channels: 2,
  });
  const [x, y] = split(g, sums, 2);
  const dx = g.node('Add', [g.node('Mul', [texture.a, x]), g.node('Mul', [texture.b, y])]);
  const dy = g.node('Add', [g.node('Mul', [texture.b, x]), g.node('Mul', [texture.c, y])]);
  const step = g.node('Clip', [g.node('Concat', [dx, dy], { axis: 1 }), -longestStep, longestStep]);
  return smoothed(g, g.node('Add', [flow, step]));
}

/** The first frame less the second, and less what is brighter or darker all around; 0 outside the second one. */
export function difference(
  g: GraphBuilder,
  first: Value,
  { warped, isInside, surroundings }: Warped & Pick<FlowSettings, 'surroundings'>,
): Value {
  const all = g.node('Mul', [g.node('Sub', [first, warped]), isInside]);
  const share = g.node('Add', [localMean(g, isInside, surroundings), 1e-6]);
  const around = g.node('Div', [localMean(g, all, surroundings), share]);
  return g.node('Mul', [g.node('Sub', [all, around]), isInside]);
}

export interface Warped {
  /** [N, 1, height, width] */
  readonly warped: Value;
  /** As `warped`: 0 where that lies outside the second frame, else 1. */
  readonly isInside: Value;
}

/**
 * The second frame as it looks from the first: what is at (x + dx, y + dy) comes to (x, y).
 *
 * @param flow [N, 2, height, width], pixels
 */
export function warp(
  g: GraphBuilder,
  flow: Value,
  { second, width, height, places = placesOf(g, { width, height }) }: Warping,
): Warped {
  const scaled = g.node('Mul', [flow, g.constant([2 / (width - 1), 2 / (height - 1)], [1, 2, 1, 1])]);
  const from = g.node('Add', [places, scaled]);
  const warped = g.node('GridSample', [second, g.node('Transpose', [from], { perm: [0, 2, 3, 1] })], {
    mode: 'bilinear',
    padding_mode: 'border',
    align_corners: 1,
  });
  const farthest = g.node('ReduceMax', [g.node('Abs', [from])], { axes: [1] });
  return { warped, isInside: g.node('Cast', [g.node('LessOrEqual', [farthest, 1])], { to: 1 }) };
}

/** Takes out single vectors that went astray. */
function smoothed(g: GraphBuilder, flow: Value): Value {
  const taps = [1, 4, 6, 4, 1];
  const kernel = taps.flatMap((row) => taps.map((column) => (row * column) / 256));
  return g.node('Conv', [edgePadded(g, flow, 2), g.constant([...kernel, ...kernel], [2, 1, 5, 5])], {
    group: 2,
    kernel_shape: [5, 5],
  });
}

function windowOf({ sigma }: FlowSettings): number[] {
  return gaussian({ sigma, radius: Math.ceil(2.5 * sigma) });
}
