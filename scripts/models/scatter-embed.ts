/**
 * The model `scatter-embed`: what a picture looks like, as 288 numbers. Its entry says what goes in and comes out.
 *
 * Method: the wavelet scattering of Bruna and Mallat, "Invariant scattering convolution networks", IEEE TPAMI 35 (2013),
 * with Morlet wavelets at four scales and four orientations, of the luma: the strength of each wavelet around nine
 * places, and of the wavelets in that strength over the whole picture. To these come the colours of sixteen places. Each
 * coarser scale is reached by halving the picture, so that the same small kernels serve all of them.
 */
import { GraphBuilder, type Value } from '../../engine/io/onnx/graph-builder.ts';
import { edgePadded, halve } from './filters.ts';
import { slice } from './parts.ts';
import { rootCompressed } from './root-compressed.ts';

const side = 128;

/** Strength below which a wavelet may as well be noise. */
const faintest = 0.01;

const scales = 4;
const orientations = 4;

/** What the wavelets in a strength come to, as a share of it: what a picture that shows nothing is given. */
const usualTexture = 0.03;

/**
 * What each group of features is less, and divided by, before the vector gets length 1, lest all vectors point the same
 * way. The values are rounded from the means and spreads over two kinds of made pictures, between which real ones lie:
 * noise whose spectrum falls as 1/f, and discs of random size, place and grey that hide each other.
 */
const luma = { mean: 0.45, spread: 0.25 };
const chroma = { mean: 0, spread: 0.05 };
/** By scale, finest first. */
const strengths = [0.59, 0.6, 0.61, 0.62].map((mean) => ({ mean, spread: 0.03 }));
/** By the number of octaves between the two wavelets. */
const textures = [0.69, 0.69, 0.685].map((mean) => ({ mean, spread: 0.03 }));

interface Centre {
  readonly mean: number;
  readonly spread: number;
}

export function scatterEmbed(): GraphBuilder {
  const g = new GraphBuilder('scatter-embed');
  const pictures = g.input('pictures', ['N', 3, side, side]);
  const colours = lumaAndChroma(g, pictures);
  const grey = slice(g, colours, { axis: 1, from: 0, to: 1 });
  const features = [colourLayout(g, colours), ...scattering(g, grey)];
  const joined = g.node('Concat', features, { axis: 1 });
  const embedding = g.node('LpNormalization', [joined], { axis: 1, p: 2 });
  g.output('embedding', embedding, ['N', 288]);
  return g;
}

/** Y, Cb and Cr of ITU-R BT.601, of RGB from 0 to 1. */
function lumaAndChroma(g: GraphBuilder, pictures: Value): Value {
  const rows = [
    [0.299, 0.587, 0.114],
    [-0.168736, -0.331264, 0.5],
    [0.5, -0.418688, -0.081312],
  ];
  return g.node('Conv', [pictures, g.constant(rows.flat(), [3, 3, 1, 1])], { kernel_shape: [1, 1] });
}

/** Means of 4 × 4 overlapping squares: [N, 48]. */
function colourLayout(g: GraphBuilder, colours: Value): Value {
  const means = g.node('AveragePool', [colours], { kernel_shape: [50, 50], strides: [26, 26] });
  const groups = [luma, chroma, chroma];
  const byChannel = (value: (group: Centre) => number) => g.constant(groups.map(value), [1, 3, 1, 1]);
  const shifted = g.node('Sub', [means, byChannel(({ mean }) => mean)]);
  return g.node('Flatten', [g.node('Div', [shifted, byChannel(({ spread }) => spread)])]);
}

/** Of each scale [N, 36], and of each pair of scales [N, 16]. */
function scattering(g: GraphBuilder, grey: Value): Value[] {
  const features: Value[] = [];
  let plane = grey;
  for (let scale = 0; scale < scales; scale += 1) {
    if (scale > 0) plane = halve(g, plane, 1);
    const strength = modulus(g, plane, 1);
    features.push(strengthsOf(g, strength, { size: side >> scale, centre: strengths[scale]! }));
    let coarser = strength;
    for (let second = scale + 1; second < scales; second += 1) {
      coarser = halve(g, coarser, orientations);
      features.push(texturesOf(g, { strength, coarser, centre: textures[second - scale - 1]! }));
    }
  }
  return features;
}

/** Means of 3 × 3 overlapping squares. */
function strengthsOf(
  g: GraphBuilder,
  strength: Value,
  { size, centre }: { size: number; centre: Centre },
): Value {
  const means = g.node('AveragePool', [strength], {
    kernel_shape: [size / 2, size / 2],
    strides: [size / 4, size / 4],
  });
  return g.node('Flatten', [centred(g, rootCompressed(g, g.node('Add', [means, faintest])), centre)]);
}

/** How strong the second wavelets are where the first ones are, whatever the contrast. */
function texturesOf(
  g: GraphBuilder,
  { strength, coarser, centre }: { strength: Value; coarser: Value; centre: Centre },
): Value {
  const second = g.node('Add', [
    g.node('GlobalAveragePool', [modulus(g, coarser, orientations)]),
    usualTexture * faintest,
  ]);
  const first = g.node('Add', [g.node('GlobalAveragePool', [strength]), faintest]);
  const apart = g.node('Reshape', [second, g.integers(0, orientations, orientations, 1)]);
  const relative = g.node('Div', [apart, g.node('Reshape', [first, g.integers(0, orientations, 1, 1)])]);
  return g.node('Flatten', [centred(g, rootCompressed(g, relative), centre)]);
}

function centred(g: GraphBuilder, values: Value, { mean, spread }: Centre): Value {
  return g.node('Mul', [g.node('Sub', [values, mean]), 1 / spread]);
}

/** Of the wavelets of all orientations on each of the planes: [N, planes · orientations, h, w], 0 or more. */
function modulus(g: GraphBuilder, planes: Value, count: number): Value {
  const padded = edgePadded(g, planes, reach);
  const parts = (['real', 'imaginary'] as const).map((part) => {
    const kernels = Array.from(
      { length: orientations },
      (_, at) => morlet((Math.PI * at) / orientations)[part],
    );
    const all = Array.from({ length: count }, () => kernels).flat(2);
    const found = g.node('Conv', [padded, g.constant(all, [count * orientations, 1, length, length])], {
      group: count,
      kernel_shape: [length, length],
    });
    return g.node('Mul', [found, found]);
  });
  return g.node('Sqrt', [g.node('Add', [parts[0]!, parts[1]!])]);
}

const reach = 3;
const length = 2 * reach + 1;

/** A wave of period 8/3 pixels under a bell of σ = 0.8, twice as long across the wave; its sum is 0. */
function morlet(angle: number): { real: number[]; imaginary: number[] } {
  const frequency = (3 * Math.PI) / 4;
  const offsets = Array.from({ length }, (_, at) => at - reach);
  const points = offsets.flatMap((y) =>
    offsets.map((x) => {
      const along = x * Math.cos(angle) + y * Math.sin(angle);
      const across = y * Math.cos(angle) - x * Math.sin(angle);
      return { along, bell: Math.exp(-(along ** 2 + (across / 2) ** 2) / (2 * 0.8 ** 2)) };
    }),
  );
  const area = points.reduce((sum, { bell }) => sum + bell, 0);
  const level = points.reduce((sum, { along, bell }) => sum + bell * Math.cos(frequency * along), 0) / area;
  return {
    real: points.map(({ along, bell }) => (bell * (Math.cos(frequency * along) - level)) / area),
    imaginary: points.map(({ along, bell }) => (bell * Math.sin(frequency * along)) / area),
  };
}
