/** Clicks at a steady tempo, as a metronome gives them, with what the test puts beside them. */
export interface ClickTrack {
  readonly bpm: number;
  readonly seconds: number;
  readonly firstSec?: number;
  /** Peak of a click; full scale is 1. */
  readonly level?: number;
  /** Peak of white noise below the clicks. */
  readonly noise?: number;
  /** Peak of each of two steady tones. */
  readonly tone?: number;
}

export const sampleRate = 16_000;

/** @returns shape [n], mono at 16 kHz */
export function clickTrack(options: ClickTrack): Float32Array {
  const { bpm, seconds, firstSec = 0.2, level = 0.5, noise = 0, tone = 0 } = options;
  const random = noiseSource(1);
  const samples = new Float32Array(seconds * sampleRate).map((_, n) => {
    const phase = (2 * Math.PI * n) / sampleRate;
    return noise * random() + tone * (Math.sin(220 * phase) + Math.sin(331 * phase));
  });
  for (let beat = 0; firstSec + (beat * 60) / bpm < seconds; beat += 1) {
    addClick(samples, Math.round((firstSec + (beat * 60) / bpm) * sampleRate), level);
  }
  return samples;
}

/** Uniform from −1 to 1, the same for the same seed. */
export function noiseSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function addClick(samples: Float32Array, start: number, level: number): void {
  for (let n = 0; n < 0.02 * sampleRate && start + n < samples.length; n += 1) {
    const decay = Math.exp(-n / (0.005 * sampleRate));
    samples[start + n]! += level * decay * Math.sin((2 * Math.PI * 1500 * n) / sampleRate);
  }
}

/** One after the other. */
export function joined(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** Both at once, as long as the first; the second is repeated. */
export function mixed(first: Float32Array, second: Float32Array): Float32Array {
  return first.map((value, n) => value + second[n % second.length]!);
}
