import { RealFft } from './fft.ts';

/** Steps of the tempo axis: 1.2 %, a third of the width of a peak in the autocorrelation of clicks. */
export const stepsPerOctave = 60;
/** Onsets from which a window is believed: any two onsets have a period. */
const enoughOnsets = 4;
/** Width of a click in an envelope of onset strength at 100 frames a second. */
const framesPerOnset = 2;

export interface TempogramOptions {
  /** Frames of the envelope a second. */
  readonly rateHz: number;
  readonly windowSec: number;
  readonly hopSec: number;
  readonly minBpm: number;
  readonly maxBpm: number;
}

export interface Tempogram {
  /** Shape [B], rising, evenly spaced in log tempo; beats a minute. */
  readonly bpm: Float64Array;
  /** Shape [W]: middle of each window; seconds from the envelope's first frame. */
  readonly timesSec: Float64Array;
  /** One array of shape [B] for each window: how strong the pulse at each tempo is, 0 to 1. */
  readonly pulse: readonly Float32Array[];
  /** Shape [window frames / 2]: mean of the windows' autocorrelations by lag in frames; 1 at lag 0. */
  readonly autocorrelation: Float64Array;
  /** Shape [B]: mean pulse of all windows, 0 to 1. */
  readonly meanPulse: Float64Array;
}

/**
 * How strongly an onset envelope pulses at each tempo, for windows along it.
 *
 * Method: product of autocorrelation and Fourier transform, after Peeters, "Template-based estimation of
 * time-varying tempo", EURASIP Journal on Advances in Signal Processing 2007. A click track has peaks in its
 * autocorrelation at its tempo, a half, a third …, and in its spectrum at its tempo, twice, three times …; only
 * its tempo is in both. The geometric mean is given, so that a pulse of ideal clicks comes near to 1. A window
 * with fewer than four onsets is believed less, in proportion.
 *
 * Both means weigh each window by the square of its strongest pulse: in a film with some music, speech and
 * silence say little. Windows without any onset give 0 and weigh nothing.
 *
 * @param envelope shape [N], 0 or more, any unit; shorter than `windowSec`, it is one window. Lags over half a
 *   window cannot be told from chance, so slow tempi have pulse 0 where a window is short
 */
export function tempogram(envelope: Float32Array, options: TempogramOptions): Tempogram {
  const { rateHz, hopSec } = options;
  const length = Math.min(envelope.length, Math.round(options.windowSec * rateHz));
  const starts = windowStarts(envelope.length, length, Math.round(hopSec * rateHz));
  const bpm = tempoAxis(options);
  const analysis = new WindowAnalysis(length);
  const mean = new WeightedMean(bpm.length, analysis.autocorrelation.length);
  const pulse = starts.map((start) => {
    analysis.measure(envelope.subarray(start, start + length));
    const strengths = Float32Array.from(bpm, (tempo) => analysis.pulseAt(60 / tempo, rateHz));
    mean.add(strengths, analysis.autocorrelation);
    return strengths;
  });
  const timesSec = Float64Array.from(starts, (start) => (start + length / 2) / rateHz);
  return { bpm, timesSec, pulse, ...mean.value() };
}

/**
 * The strongest pulse within 3.5 % of a tempo, in the window whose middle is nearest to a time; 0 to 1.
 *
 * @param timeSec seconds from the envelope's first frame
 */
export function pulseNear(gram: Tempogram, { timeSec, bpm }: { timeSec: number; bpm: number }): number {
  const hopSec = (gram.timesSec[1] ?? Number.POSITIVE_INFINITY) - gram.timesSec[0]!;
  const window = clampIndex((timeSec - gram.timesSec[0]!) / hopSec, gram.pulse.length);
  const centre = clampIndex(stepsPerOctave * Math.log2(bpm / gram.bpm[0]!), gram.bpm.length);
  const near = gram.pulse[window]!.subarray(Math.max(0, centre - 3), centre + 4);
  return near.reduce((most, value) => Math.max(most, value), 0);
}

/** The nearest index to a position. */
function clampIndex(position: number, length: number): number {
  return Math.min(length - 1, Math.max(0, Math.round(position)));
}

function windowStarts(total: number, length: number, hop: number): number[] {
  const count = 1 + Math.ceil((total - length) / hop);
  return Array.from({ length: count }, (_, index) => Math.min(index * hop, total - length));
}

function tempoAxis({ minBpm, maxBpm }: TempogramOptions): Float64Array {
  const steps = Math.ceil(Math.log2(maxBpm / minBpm) * stepsPerOctave);
  return Float64Array.from({ length: steps + 1 }, (_, step) => minBpm * 2 ** (step / stepsPerOctave));
}

/** Autocorrelation and spectrum of one window of an envelope. */
class WindowAnalysis {
  /** Shape [length / 2]; 1 at lag 0, or all 0 where the window has no onset. */
  readonly autocorrelation: Float64Array;
  readonly #length: number;
  readonly #fft: RealFft;
  readonly #signal: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  /** Shape [size/2 + 1]: amplitude of each frequency over the mean; near 1 for clicks. */
  readonly #spectrum: Float64Array;
  readonly #hann: Float64Array;
  /** 0 to 1: rises with the number of onsets, up to enough. */
  #repetition = 0;

  constructor(length: number) {
    // Four times the length: twice keeps lags from wrapping around, twice more makes the spectrum's bins fine.
    const size = 2 ** Math.ceil(Math.log2(Math.max(4, 4 * length)));
    this.#length = length;
    this.#fft = new RealFft(size);
    this.#signal = new Float64Array(size);
    this.#re = new Float64Array(size / 2 + 1);
    this.#im = new Float64Array(size / 2 + 1);
    this.#spectrum = new Float64Array(size / 2 + 1);
    this.#hann = Float64Array.from(
      { length },
      (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / length),
    );
    this.autocorrelation = new Float64Array(Math.floor(length / 2));
  }

  measure(window: Float32Array): void {
    const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
    this.#autocorrelate(window, mean);
    this.#transform(window, mean);
    this.#repetition = clamp(activeFrames(window) / (framesPerOnset * enoughOnsets));
  }

  /** Pulse with a period: 0 to 1. */
  pulseAt(periodSec: number, rateHz: number): number {
    const correlation = linear(this.autocorrelation, periodSec * rateHz);
    const amplitude = linear(this.#spectrum, this.#fft.size / (periodSec * rateHz));
    return this.#repetition * Math.sqrt(clamp(correlation) * clamp(amplitude));
  }

  #autocorrelate(window: Float32Array, mean: number): void {
    this.#load(window, (value) => value - mean);
    this.#fft.forward(this.#signal, this.#re, this.#im);
    const power = this.#powerIntoSignal();
    const correlation = this.autocorrelation;
    const zero = power / this.#length;
    for (let lag = 0; lag < correlation.length; lag += 1) {
      correlation[lag] = zero > 0 ? this.#re[lag]! / (this.#length - lag) / zero : 0;
    }
  }

  /** By Wiener and Khinchin: the transform of the power spectrum, which is even, is the autocorrelation. */
  #powerIntoSignal(): number {
    const { size } = this.#fft;
    for (let k = 0; k <= size / 2; k += 1) {
      const power = this.#re[k]! * this.#re[k]! + this.#im[k]! * this.#im[k]!;
      this.#signal[k] = power;
      if (k > 0) this.#signal[size - k] = power;
    }
    this.#fft.forward(this.#signal, this.#re, this.#im);
    return this.#re[0]!;
  }

  #transform(window: Float32Array, mean: number): void {
    this.#load(window, (value, n) => (value - mean) * this.#hann[n]!);
    this.#fft.forward(this.#signal, this.#re, this.#im);
    const scale = mean > 0 ? 2 / (mean * this.#length) : 0;
    for (let k = 0; k < this.#spectrum.length; k += 1) {
      this.#spectrum[k] = scale * Math.sqrt(this.#re[k]! * this.#re[k]! + this.#im[k]! * this.#im[k]!);
    }
  }

  #load(window: Float32Array, change: (value: number, n: number) => number): void {
    this.#signal.fill(0);
    for (let n = 0; n < window.length; n += 1) this.#signal[n] = change(window[n]!, n);
  }
}

/** Means of windows, each weighed by the square of its strongest pulse. */
class WeightedMean {
  #weight = 0;
  readonly #pulse: Float64Array;
  readonly #autocorrelation: Float64Array;

  constructor(tempi: number, lags: number) {
    this.#pulse = new Float64Array(tempi);
    this.#autocorrelation = new Float64Array(lags);
  }

  add(pulse: Float32Array, autocorrelation: Float64Array): void {
    const weight = pulse.reduce((most, value) => Math.max(most, value), 0) ** 2;
    this.#weight += weight;
    accumulate(this.#pulse, pulse, weight);
    accumulate(this.#autocorrelation, autocorrelation, weight);
  }

  value(): { meanPulse: Float64Array; autocorrelation: Float64Array } {
    const divide = (sum: number) => (this.#weight > 0 ? sum / this.#weight : 0);
    return { meanPulse: this.#pulse.map(divide), autocorrelation: this.#autocorrelation.map(divide) };
  }
}

function accumulate(sum: Float64Array, values: Float32Array | Float64Array, weight: number): void {
  for (let index = 0; index < sum.length; index += 1) sum[index] = sum[index]! + weight * values[index]!;
}

/** How many frames share the strength of a window: as many as would, were they equal (participation ratio). */
function activeFrames(window: Float32Array): number {
  const sum = window.reduce((total, value) => total + value, 0);
  const squares = window.reduce((total, value) => total + value * value, 0);
  return squares > 0 ? (sum * sum) / squares : 0;
}

/** Value between two elements; 0 outside. */
function linear(values: Float64Array, position: number): number {
  const index = Math.floor(position);
  const left = values[index];
  const right = values[index + 1];
  return left === undefined || right === undefined ? 0 : left + (right - left) * (position - index);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
