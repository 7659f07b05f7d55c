/** A stretch of time; `end` is exclusive. Both in frames of one sample a channel. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Every longest stretch in which no sample of any channel reaches the threshold.
 *
 * Exact to the sample: a peak needs no averaging window, and a window would only blur the ends. A tone loud
 * enough to hear crosses zero for far less than any useful `minFrames`, so it is never taken for silence.
 *
 * @param samples shape [n, channels], interleaved
 * @param threshold amplitude (not dB) from which a sample is sound, above 0
 * @param minFrames shortest stretch that counts, 1 or more
 * @returns in order of time, not touching
 */
export function silenceSpans(
  samples: Float32Array,
  { channels, threshold, minFrames }: { channels: number; threshold: number; minFrames: number },
): Span[] {
  const spans: Span[] = [];
  const end = channels > 0 ? samples.length / channels : 0;
  let start = 0;
  const closeAt = (frame: number) => {
    if (frame - start >= minFrames) spans.push({ start, end: frame });
  };
  for (let index = 0; index < samples.length; index += 1) {
    if (Math.abs(samples[index]!) < threshold) continue;
    const frame = Math.floor(index / channels);
    closeAt(frame);
    start = frame + 1;
  }
  closeAt(end);
  return spans;
}
