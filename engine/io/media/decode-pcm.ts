/** Decodes the sound of a file into memory. */
import type { DecodePcm, Pcm } from '../../core/media.ts';
import type { DecodeOptions } from './decode-frames.ts';
import { findSound, type SoundSource, streamSound } from './stream-sound.ts';

/**
 * Decodes the first audio stream, as `streamSound` does, to one array.
 *
 * @throws {FlowError} `unsupported_media` without sound; `decode_failed` if nothing can be decoded
 */
export async function decodePcm(
  request: DecodePcm,
  options: DecodeOptions,
): Promise<Pcm & { warnings: string[] }> {
  const source = await findSound(request, options.signal);
  const collected = new Samples(expectedLength(source));
  const { startSec, warnings } = await streamSound(source, (piece) => collected.add(piece), options);
  const { sampleRate, channels } = source;
  return { samples: collected.samples, sampleRate, channels, startSec, warnings };
}

// Memory that is reserved but never written costs nothing, so that headers may be wrong by this much for free. It is
// not shared: the collector counts only memory of one thread, and would let this much lie about for long.
const marginSec = 10;

function expectedLength({ info, sampleRate, channels }: SoundSource): number {
  const durationSec = Number.isFinite(info.durationSec) ? info.durationSec : 0;
  return Math.ceil((durationSec + marginSec) * sampleRate) * channels;
}

class Samples {
  #memory: Float32Array;
  #length = 0;

  constructor(expected: number) {
    this.#memory = new Float32Array(expected);
  }

  get samples(): Float32Array {
    return this.#memory.subarray(0, this.#length);
  }

  add(piece: Float32Array): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) this.#grow(length);
    this.#memory.set(piece, this.#length);
    this.#length = length;
  }

  /** Half as much again: for files whose header does not say how long they are. */
  #grow(atLeast: number): void {
    const larger = new Float32Array(Math.ceil(atLeast * 1.5));
    larger.set(this.samples);
    this.#memory = larger;
  }
}
