/**
 * The model `mel-stats`: what two seconds of sound are like, as 192 numbers. Its entry says what goes in and comes out.
 *
 * Method: the power in bands along the mel scale, in short windows (Davis and Mermelstein, "Comparison of parametric
 * representations for monosyllabic word recognition", IEEE ASSP 28, 1980), root-compressed; of each band its mean, its
 * spread and the spread of its change over time. All grow alike with the sound's amplitude, so that in a vector of
 * length 1 loudness does not count.
 */
import { GraphBuilder, type Value } from '../../engine/io/onnx/graph-builder.ts';
import { MelBands } from '../../rules/dsp/mel-bands.ts';
import { slice, split } from './parts.ts';
import { rootCompressed } from './root-compressed.ts';

const sampleRate = 16_000;
const samples = 32_000;
/** 25 ms, one every 10 ms. */
const windowSamples = 400;
const hopSamples = 160;
const bins = windowSamples / 2 + 1;
const bands = 64;

/** Power at which sound ends; full scale is 1. About −90 dB. */
const silence = 1e-9;

/** About how large spread and change are, as shares of the mean: what is usual says nothing. */
const usualSpread = 0.16;
const usualChange = 0.06;
/** Of the three parts in a vector, so that each has its say. */
const weights = { mean: 1, spread: 2, change: 4 };

export function melStats(): GraphBuilder {
  const g = new GraphBuilder('mel-stats');
  const sound = g.node('Unsqueeze', [g.input('samples', ['N', samples]), g.integers(1)]);
  const loudness = rootCompressed(g, g.node('Add', [melPower(g, sound), silence]));
  const mean = g.node('GlobalAveragePool', [loudness]);
  const level = g.node('GlobalAveragePool', [g.node('Transpose', [mean], { perm: [0, 2, 1] })]);
  const spread = deviation(g, g.node('Sub', [loudness, mean]));
  const change = deviation(g, slope(g, loudness));
  const parts = [
    weighted(g, g.node('Sub', [mean, level]), weights.mean),
    weighted(g, g.node('Sub', [spread, g.node('Mul', [level, usualSpread])]), weights.spread),
    weighted(g, g.node('Sub', [change, g.node('Mul', [level, usualChange])]), weights.change),
  ];
  const joined = g.node('Flatten', [g.node('Concat', parts, { axis: 1 })]);
  g.output('embedding', g.node('LpNormalization', [joined], { axis: 1, p: 2 }), ['N', 3 * bands]);
  return g;
}

/** [N, 64, windows]: a Fourier transform of each window, as products with waves, and the sums of its power. */
function melPower(g: GraphBuilder, sound: Value): Value {
  const waves = fourier(g, sound);
  const [real, imaginary] = split(g, g.node('Mul', [waves, waves]), 2);
  return melSums(g, g.node('Add', [real, imaginary]));
}

/** [N, 2 · bins, windows]: real parts of all bins, then imaginary ones. A wave of full scale has a power of 1. */
function fourier(g: GraphBuilder, sound: Value): Value {
  return pieces(windowSamples).reduce<Value | undefined>((sum, [from, to]) => {
    const heard = slice(g, sound, { axis: 2, from, to: samples - windowSamples + to });
    const part = g.node('Conv', [heard, g.constant(waveTable(from, to), [2 * bins, 1, to - from])], {
      kernel_shape: [to - from],
      strides: [hopSamples],
    });
    return sum === undefined ? part : g.node('Add', [sum, part]);
  }, undefined)!; // There is a piece.
}

/** Cosines and sines of all bins under Hann's window, from one sample of a window to another. */
function waveTable(from: number, to: number): number[] {
  const places = Array.from({ length: to - from }, (_, at) => from + at);
  return [Math.cos, Math.sin].flatMap((wave) =>
    Array.from({ length: bins }, (_, bin) =>
      places.map((at) => {
        const hann = (2 / windowSamples) * (1 - Math.cos((2 * Math.PI * (at + 0.5)) / windowSamples));
        return hann * wave((2 * Math.PI * ((bin * at) % windowSamples)) / windowSamples);
      }),
    ).flat(),
  );
}

/** From [N, bins, windows] to [N, bands, windows]. */
function melSums(g: GraphBuilder, power: Value): Value {
  const shares = melShares();
  return pieces(bins).reduce<Value | undefined>((sum, [from, to]) => {
    const weights = Array.from({ length: bands }, (_, band) =>
      shares.slice(from, to).map((bin) => bin[band]!),
    );
    const part = g.node(
      'Conv',
      [slice(g, power, { axis: 1, from, to }), g.constant(weights.flat(), [bands, to - from, 1])],
      { kernel_shape: [1] },
    );
    return sum === undefined ? part : g.node('Add', [sum, part]);
  }, undefined)!; // There is a piece.
}

/** Of each bin: what it adds to each band. */
function melShares(): Float64Array[] {
  const mel = new MelBands({ count: bands, bins, sampleRate });
  return Array.from({ length: bins }, (_, bin) => {
    const sums = new Float64Array(bands);
    mel.apply(new Float64Array(bins).fill(1, bin, bin + 1), sums);
    return sums;
  });
}

/**
 * Long sums in pieces, as [from, to). A runtime divides sums of more than 128 products as its number of threads
 * suggests, and their last bits with them.
 */
function pieces(length: number): [from: number, to: number][] {
  const count = Math.ceil(length / 128);
  const at = (piece: number) => Math.round((length * piece) / count);
  return Array.from({ length: count }, (_, piece) => [at(piece), at(piece + 1)]);
}

/** Over five windows (least squares; Furui, "Speaker-independent isolated word recognition", IEEE ASSP 34, 1986). */
function slope(g: GraphBuilder, loudness: Value): Value {
  const taps = [-0.2, -0.1, 0, 0.1, 0.2];
  const all = Array.from({ length: bands }, () => taps).flat();
  return g.node('Conv', [loudness, g.constant(all, [bands, 1, 5])], { group: bands, kernel_shape: [5] });
}

/** Root of the mean of squares over time: [N, 64, 1]. */
function deviation(g: GraphBuilder, values: Value): Value {
  return g.node('Sqrt', [g.node('GlobalAveragePool', [g.node('Mul', [values, values])])]);
}

function weighted(g: GraphBuilder, part: Value, weight: number): Value {
  return g.node('Mul', [part, weight]);
}
