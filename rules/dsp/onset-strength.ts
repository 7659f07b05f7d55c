import { RealFft } from './fft.ts';
import { MelBands } from './mel-bands.ts';

/** Frames a second, nearly: the hop is a whole number of samples. */
const wantedRateHz = 100;
/** Length of an analysis frame, to the next power of two. Longer frames smear clicks, shorter ones lose the bass. */
const frameSec = 0.03;
const bandCount = 40;
/** An onset is a rise over two frames: with one, the overlap of the frames hides most of it. */
const lagFrames = 2;
/**
 * Amplitudes up to 1/this, −40 dBFS, count in proportion, louder ones by their logarithm. At 1000, hi-hats count
 * like drums and many a tempo is heard double; at 10, clicks under speech are lost.
 */
const compression = 100;

export interface OnsetCurve {
  /** Shape [N]: mean rise of the log amplitude over all bands; no unit, 0 or more. Frame i is at i / `rateHz` s. */
  readonly strength: Float32Array;
  readonly rateHz: number;
}

/**
 * How much louder, over all frequencies, each moment of a sound is than the moment before.
 *
 * Method: SuperFlux (Böck and Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013) on
 * mel bands: log(1 + 100 amplitude), rise against the maximum of three neighbouring bands two frames earlier,
 * so that a tone that glides is no onset. The level is absolute: curves of two videos can be compared.
 *
 * The first 40 and last 20 ms are 0: what was before the first sample and after the last one is not known, and
 * a cut would look like a click. Working memory does not depend on the length of the sound.
 *
 * @param samples shape [n], one channel, nominally −1 to 1
 * @returns one frame for each 10 ms, none for fewer samples than a frame
 */
export function onsetStrength(samples: Float32Array, sampleRate: number): OnsetCurve {
  const hop = Math.max(1, Math.round(sampleRate / wantedRateHz));
  const spectrum = new LogBands(sampleRate);
  const frames = Math.floor(samples.length / hop);
  const strength = new Float32Array(frames);
  const recent = Array.from({ length: lagFrames + 1 }, () => new Float64Array(bandCount));
  const first = Math.ceil(spectrum.size / 2 / hop);
  const end = Math.floor((samples.length - spectrum.size / 2) / hop);
  for (let frame = first; frame < end; frame += 1) {
    const bands = recent[frame % recent.length]!;
    spectrum.measure(samples, frame * hop, bands);
    const before = recent[(frame - lagFrames + recent.length) % recent.length]!;
    if (frame >= first + lagFrames) strength[frame] = meanRise(bands, before);
  }
  return { strength, rateHz: sampleRate / hop };
}

function meanRise(bands: Float64Array, before: Float64Array): number {
  let sum = 0;
  for (let band = 0; band < bands.length; band += 1) {
    const level = before[band]!;
    const below = before[band - 1] ?? level;
    const above = before[band + 1] ?? level;
    const rise = bands[band]! - Math.max(level, below, above);
    if (rise > 0) sum += rise;
  }
  return sum / bands.length;
}

/** Log amplitudes in mel bands of the Hann-windowed frame around a sample. */
class LogBands {
  readonly size: number;
  readonly #fft: RealFft;
  readonly #mel: MelBands;
  readonly #window: Float64Array;
  readonly #frame: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor(sampleRate: number) {
    const size = 2 ** Math.ceil(Math.log2(frameSec * sampleRate));
    this.size = size;
    this.#fft = new RealFft(size);
    this.#mel = new MelBands({ count: bandCount, bins: size / 2 + 1, sampleRate });
    // Divided by half the window's sum, so that a sine in the middle of a bin shows its own amplitude.
    this.#window = Float64Array.from(
      { length: size },
      (_, n) => (2 - 2 * Math.cos((2 * Math.PI * n) / size)) / size,
    );
    this.#frame = new Float64Array(size);
    this.#re = new Float64Array(size / 2 + 1);
    this.#im = new Float64Array(size / 2 + 1);
  }

  measure(samples: Float32Array, centre: number, bands: Float64Array): void {
    this.#cut(samples, centre - this.size / 2);
    this.#fft.forward(this.#frame, this.#re, this.#im);
    squareInto(this.#re, this.#im);
    this.#mel.apply(this.#re, bands);
    for (let b = 0; b < bands.length; b += 1) bands[b] = Math.log(1 + compression * Math.sqrt(bands[b]!));
  }

  #cut(samples: Float32Array, start: number): void {
    const frame = this.#frame;
    const window = this.#window;
    for (let n = 0; n < frame.length; n += 1) frame[n] = samples[start + n]! * window[n]!;
  }
}

/** Powers of complex numbers, in the place of their real parts. Products, since `**` is four times slower. */
function squareInto(re: Float64Array, im: Float64Array): void {
  for (let k = 0; k < re.length; k += 1) re[k] = re[k]! * re[k]! + im[k]! * im[k]!;
}

/**
 * What stands out of the second around it: strength less its moving mean, not below 0.
 *
 * Continuous noise has some flux in every frame; without this step it would hide a soft pulse.
 *
 * @returns shape and unit of `strength`
 */
export function onsetPeaks({ strength, rateHz }: OnsetCurve): Float32Array {
  const reach = Math.round(rateHz / 2);
  const peaks = new Float32Array(strength.length);
  let sum = 0;
  for (let frame = -reach; frame < strength.length; frame += 1) {
    sum += strength[frame + reach] ?? 0;
    sum -= strength[frame - reach - 1] ?? 0;
    const count = Math.min(frame + reach, strength.length - 1) - Math.max(frame - reach, 0) + 1;
    if (frame >= 0) peaks[frame] = Math.max(0, strength[frame]! - sum / count);
  }
  return peaks;
}
