import assert from 'node:assert/strict';

/**
 * Sums a power spectrum into bands of equal width on the mel scale, as overlapping triangles.
 *
 * Scale: mel = 2595 log10(1 + f/700), O'Shaughnessy, "Speech Communication" (1987), from 0 Hz to half the sample
 * rate. Each triangle is divided by its area, so white noise is level over all bands.
 */
export class MelBands {
  readonly count: number;
  /** Of each bin of the spectrum: the band whose triangle falls there (−1 to count − 1); the next one rises. */
  readonly #falling: Int32Array;
  /** Of each bin: how far the next triangle has risen, 0 to 1. */
  readonly #rise: Float64Array;
  readonly #area: Float64Array;

  constructor({ count, bins, sampleRate }: { count: number; bins: number; sampleRate: number }) {
    this.count = count;
    this.#falling = new Int32Array(bins);
    this.#rise = new Float64Array(bins);
    const nyquist = sampleRate / 2;
    for (let bin = 0; bin < bins; bin += 1) {
      const position = ((count + 1) * mel((nyquist * bin) / (bins - 1))) / mel(nyquist);
      this.#falling[bin] = Math.min(count, Math.floor(position)) - 1;
      this.#rise[bin] = position - (this.#falling[bin]! + 1);
    }
    this.#area = new Float64Array(count);
    this.#add(new Float64Array(bins).fill(1), this.#area);
    assert.ok(
      this.#area.every((area) => area > 0),
      `${count} mel bands are too many for ${bins} bins`,
    );
  }

  /**
   * @param power shape [bins], from 0 Hz to half the sample rate; 0 or more
   * @param bands shape [count]; overwritten with the mean power in each band, lowest first
   */
  apply(power: Float64Array, bands: Float64Array): void {
    bands.fill(0);
    this.#add(power, bands);
    for (let band = 0; band < this.count; band += 1) bands[band] = bands[band]! / this.#area[band]!;
  }

  #add(power: Float64Array, bands: Float64Array): void {
    const falling = this.#falling;
    const rise = this.#rise;
    const last = this.count - 1;
    for (let bin = 0; bin < power.length; bin += 1) {
      const band = falling[bin]!;
      if (band >= 0) bands[band] = bands[band]! + power[bin]! * (1 - rise[bin]!);
      if (band < last) bands[band + 1] = bands[band + 1]! + power[bin]! * rise[bin]!;
    }
  }
}

function mel(hz: number): number {
  return 2595 * Math.log10(1 + hz / 700);
}
