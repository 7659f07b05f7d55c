import type { Range } from '../../io/onnx/quantized-numbers.ts';

const bins = 2048;
/** Share of the numbers that may be cut off at either end. */
const outliers = 0.0001;

/**
 * How often which numbers were seen: a histogram whose bins double in width when a number lies outside.
 *
 * Method: percentile calibration (Wu and others, "Integer quantization for deep learning inference", arXiv 2004.09602, 2020).
 */
export class Levels {
  #min = Infinity;
  #max = -Infinity;
  #count = 0;
  /** Bins reach from −limit to limit; a power of two, so that doubling joins whole bins. */
  #limit = 2 ** -20;
  #bins = new Float64Array(bins);

  add(numbers: Float32Array): void {
    // Counted loops: these numbers go into the hundreds of millions.
    for (let at = 0; at < numbers.length; at += 1) {
      const one = numbers[at]!;
      if (one < this.#min) this.#min = one;
      if (one > this.#max) this.#max = one;
    }
    while (Math.max(-this.#min, this.#max) >= this.#limit) this.#widen();
    const seen = this.#bins;
    const scale = bins / 2 / this.#limit;
    for (let at = 0; at < numbers.length; at += 1) seen[Math.floor(numbers[at]! * scale) + bins / 2]! += 1;
    this.#count += numbers.length;
  }

  #widen(): void {
    const wider = new Float64Array(bins);
    for (let bin = 0; bin < bins; bin += 1) wider[Math.floor(bin / 2) + bins / 4]! += this.#bins[bin]!;
    this.#bins = wider;
    this.#limit *= 2;
  }

  /** All numbers that were seen. */
  get all(): Range {
    return { min: this.#min, max: this.#max };
  }

  /** Nearly all of them, to the width of a bin. */
  get most(): Range {
    const few = this.#count * outliers;
    const binOf = (bin: number): number => ((bin - bins / 2) * this.#limit) / (bins / 2);
    let [low, high] = [0, bins - 1];
    for (let sum = this.#bins[low]!; sum <= few; sum += this.#bins[low]!) low += 1;
    for (let sum = this.#bins[high]!; sum <= few; sum += this.#bins[high]!) high -= 1;
    return { min: Math.max(this.#min, binOf(low)), max: Math.min(this.#max, binOf(high + 1)) };
  }
}
