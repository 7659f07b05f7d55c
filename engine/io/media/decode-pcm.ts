/** Decodes the sound of a file into memory. */
import type { DecodePcm, Pcm } from '../../core/media.ts';
import { grown, spaciousBytes } from '../../core/shared-bytes.ts';
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

// Memory that is reserved but never written costs nothing, so that headers may be wrong by this much for free.
const marginSec = 10;

function expectedLength({ durationSec, sampleRate, channels }: SoundSource): number {
  return Math.ceil(((durationSec || 0) + marginSec) * sampleRate) * channels;
}

/** Samples as they come, in memory that becomes the artifact without a copy: an hour of them is 230 MB. */
class Samples {
  #bytes: Uint8Array<SharedArrayBuffer>;
  #mostBytes: number;

  constructor(expected: number) {
    this.#mostBytes = expected * Float32Array.BYTES_PER_ELEMENT;
    this.#bytes = spaciousBytes(0, this.#mostBytes);
  }

  get samples(): Float32Array<SharedArrayBuffer> {
    const { buffer, byteOffset, length } = this.#bytes;
    return new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT);
  }

  add(piece: Float32Array): void {
    const length = this.#bytes.length + piece.byteLength;
    if (length > this.#mostBytes) this.#move(length);
    const start = this.samples.length;
    this.#bytes = grown(this.#bytes, length);
    this.samples.set(piece, start);
  }

  /** To memory of half as much again: for files whose header does not say how long they are. */
  #move(atLeastBytes: number): void {
    this.#mostBytes = Math.ceil(atLeastBytes * 1.5);
    const larger = spaciousBytes(this.#bytes.length, this.#mostBytes);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
