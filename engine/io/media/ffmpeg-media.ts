/** `Media` by ffmpeg. Nothing outside this folder knows of it. */
import type {
  DecodedFrames,
  DecodeFrames,
  DecodePcm,
  HearSamples,
  MeasuredSound,
  Media,
  MediaInfo,
  PacketScan,
  Pcm,
  SoundFile,
} from '../../core/media.ts';
import { decodeFrames } from './decode-frames.ts';
import { decodePcm } from './decode-pcm.ts';
import { measureLoudness } from './measure-loudness.ts';
import { probeMedia } from './probe-media.ts';
import { scanPackets } from './scan-packets.ts';

export class FfmpegMedia implements Media {
  readonly #threads: number;

  /** @param options.threads threads of one decoding; no result depends on it */
  constructor(options: { readonly threads?: number } = {}) {
    this.#threads = options.threads ?? 1;
  }

  probe(path: string, signal: AbortSignal): Promise<MediaInfo> {
    return probeMedia(path, signal);
  }

  scanPackets(path: string, signal: AbortSignal): Promise<PacketScan> {
    return scanPackets(path, signal);
  }

  decodeFrames(
    request: DecodeFrames,
    signal: AbortSignal,
  ): Promise<{ views: DecodedFrames[]; warnings: string[] }> {
    return decodeFrames(request, { threads: this.#threads, signal });
  }

  decodePcm(request: DecodePcm, signal: AbortSignal): Promise<Pcm & { warnings: string[] }> {
    return decodePcm(request, { threads: this.#threads, signal });
  }

  measureLoudness(request: SoundFile, hear: HearSamples, signal: AbortSignal): Promise<MeasuredSound> {
    return measureLoudness(request, hear, { threads: this.#threads, signal });
  }
}
