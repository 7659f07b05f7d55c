/**
 * The discrete Fourier transform of real signals of one length.
 *
 * Method: Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series", Mathematics
 * of Computation 19 (1965), radix 2, decimation in time. The even samples are taken as real and the odd ones as
 * imaginary parts of a complex signal of half the length, whose transform is then split (Sorensen et al.,
 * "Real-valued fast Fourier transform algorithms", IEEE ASSP 35, 1987).
 */
import assert from 'node:assert/strict';

export class RealFft {
  readonly size: number;
  readonly #half: number;
  readonly #reversed: Uint32Array;
  /** e^(−2πik/size), k from 0 to size/2 − 1. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** @param size a power of two, at least 4 */
  constructor(size: number) {
    assert.ok(
      size >= 4 && Number.isInteger(Math.log2(size)),
      `FFT of size ${size}: not a power of two from 4`,
    );
    this.size = size;
    this.#half = size / 2;
    this.#reversed = bitReversed(this.#half);
    this.#cos = Float64Array.from({ length: this.#half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: this.#half }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  }

  /**
   * X[k] = Σ x[n] e^(−2πikn/size) for k from 0 to size/2; the other half is its mirror image.
   *
   * @param signal shape [size]; not changed
   * @param re, im shape [size/2 + 1]; overwritten with the parts of X. Their elements are in the signal's unit
   */
  forward(signal: Float64Array, re: Float64Array, im: Float64Array): void {
    assert.ok(signal.length === this.size && re.length === this.#half + 1 && im.length === re.length);
    this.#loadReversed(signal, re, im);
    this.#transformHalf(re, im);
    this.#split(re, im);
  }

  #loadReversed(signal: Float64Array, re: Float64Array, im: Float64Array): void {
    const reversed = this.#reversed;
    for (let n = 0; n < reversed.length; n += 1) {
      const from = 2 * reversed[n]!;
      re[n] = signal[from]!;
      im[n] = signal[from + 1]!;
    }
  }

  #transformHalf(re: Float64Array, im: Float64Array): void {
    const half = this.#half;
    for (let width = 1; width < half; width *= 2) {
      for (let k = 0; k < width; k += 1) this.#butterflies(re, im, { first: k, width });
    }
  }

  /** All that share one twiddle factor. */
  #butterflies(re: Float64Array, im: Float64Array, { first, width }: { first: number; width: number }): void {
    const c = this.#cos[(first * this.#half) / width]!;
    const s = this.#sin[(first * this.#half) / width]!;
    for (let a = first; a < this.#half; a += 2 * width) {
      const b = a + width;
      const turnedRe = re[b]! * c - im[b]! * s;
      const turnedIm = re[b]! * s + im[b]! * c;
      re[b] = re[a]! - turnedRe;
      im[b] = im[a]! - turnedIm;
      re[a] = re[a]! + turnedRe;
      im[a] = im[a]! + turnedIm;
    }
  }

  /** From Z, the transform of even + i·odd, to X, pairwise from both ends so that it works in place. */
  #split(re: Float64Array, im: Float64Array): void {
    const half = this.#half;
    const [zeroRe, zeroIm] = [re[0]!, im[0]!];
    re[0] = zeroRe + zeroIm;
    im[0] = 0;
    re[half] = zeroRe - zeroIm;
    im[half] = 0;
    for (let k = 1; k <= half / 2; k += 1) {
      const m = half - k;
      const evenRe = (re[k]! + re[m]!) / 2;
      const evenIm = (im[k]! - im[m]!) / 2;
      const oddRe = (im[k]! + im[m]!) / 2;
      const oddIm = (re[m]! - re[k]!) / 2;
      const turnedRe = oddRe * this.#cos[k]! - oddIm * this.#sin[k]!;
      const turnedIm = oddRe * this.#sin[k]! + oddIm * this.#cos[k]!;
      re[k] = evenRe + turnedRe;
      im[k] = evenIm + turnedIm;
      re[m] = evenRe - turnedRe;
      im[m] = turnedIm - evenIm;
    }
  }
}

/** Each index below `length`, a power of two, with its bits in the opposite order. */
function bitReversed(length: number): Uint32Array {
  const reversed = new Uint32Array(length);
  for (let n = 1; n < length; n += 1) {
    reversed[n] = (reversed[n >> 1]! >> 1) | (n & 1 ? length >> 1 : 0);
  }
  return reversed;
}
