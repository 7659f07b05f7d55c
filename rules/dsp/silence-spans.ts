/** A stretch of time; `end` is exclusive. Both in frames of one sample a channel. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds every longest stretch in which no sample of any channel reaches the threshold, while the sound goes by.
 *
 * Exact to the sample: a peak needs no averaging window, and a window would only blur the ends. A tone loud
 * enough to hear crosses zero for far less than any useful `minFrames`, so it is never taken for silence.
 */
export class SilenceSpans {
  readonly #threshold: number;
  readonly #minFrames: number;
  readonly #spans: Span[] = [];
  /** The first frame after the last sound. */
  #quietFrom = 0;
  #heard = 0;

  /**
   * @param options.threshold amplitude (not dB) from which a sample is sound, above 0
   * @param options.minFrames shortest stretch that counts, 1 or more
   */
  constructor({ threshold, minFrames }: { threshold: number; minFrames: number }) {
    this.#threshold = threshold;
    this.#minFrames = minFrames;
  }

  /** @param samples shape [n, channels], interleaved: what follows the samples before */
  push(samples: Float32Array, channels: number): void {
    const threshold = this.#threshold;
    for (let start = 0; start < samples.length; start += channels) {
      for (let index = start; index < start + channels; index += 1) {
        if (Math.abs(samples[index]!) < threshold) continue;
        this.#closeAt(this.#heard);
        break;
      }
      this.#heard += 1;
    }
  }

  /** Ends the sound. @returns spans in order of time, not touching */
  finish(): Span[] {
    this.#closeAt(this.#heard);
    return this.#spans;
  }

  /** The frame is not silent. */
  #closeAt(frame: number): void {
    if (frame - this.#quietFrom >= this.#minFrames) this.#spans.push({ start: this.#quietFrom, end: frame });
    this.#quietFrom = frame + 1;
  }
}
