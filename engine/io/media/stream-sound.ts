/** Decodes the sound of a file, a piece at a time: memory does not grow with the length of the film. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { DecodePcm, SoundStream, VideoStream } from '../../core/media.ts';
import { firstPipe, type ProgramEnd } from '../program.ts';
import type { DecodeOptions } from './decode-frames.ts';
import { mediaUrl, readerOptions, runFfmpeg } from './ffmpeg-program.ts';
import { decodeFailed, lastLines, programKilled, requireFile, unsupportedMedia } from './media-errors.ts';
import { probeMedia } from './probe-media.ts';
import { firstFramePts } from './scan-packets.ts';

/** A sound that can be decoded, and how it is to be given. */
export interface SoundSource {
  readonly path: string;
  /** Index of the stream in the file. */
  readonly index: number;
  /** About how long it is; seconds, NaN where the file does not say. */
  readonly durationSec: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Time of the first video frame, as in the file; seconds. */
  readonly videoStartSec: () => Promise<number | undefined>;
}

export interface StreamedSound {
  /** Samples of each channel. */
  readonly sampleCount: number;
  /** As in `Pcm`. */
  readonly startSec: number;
  readonly warnings: string[];
}

/**
 * Decodes a sound from its first sample to its last.
 *
 * A gap of more than 0.1 s (lost packets, or a jump in the file's times) is filled with silence, an overlap is
 * cut: sample n stays at `startSec` + n / `sampleRate`. Samples that the container says to skip (the priming of
 * the encoder) are not given.
 *
 * @param hear is given each piece in turn: float32, interleaved, whole frames of one sample a channel. The memory
 * is used again for the next piece, once what `hear` returns has settled.
 * @throws {FlowError} `decode_failed` if nothing can be decoded
 */
export async function streamSound(
  source: SoundSource,
  hear: (piece: Float32Array<ArrayBuffer>) => Promise<void> | void,
  options: DecodeOptions,
): Promise<StreamedSound> {
  const { path, sampleRate, channels } = source;
  const decoding = runFfmpeg(command(source, options), { ...options, pipes: ['out'] }, (program) =>
    Promise.all([hearPieces(program.stdout, channels, hear), readFirstPts(program.output(firstPipe))]),
  );
  const [{ said, end }, videoStartSec] = await Promise.all([decoding, source.videoStartSec()]);
  const [sampleCount, firstSample] = said;
  const warnings = judged(path, sampleCount, end);
  const startSec = videoStartSec === undefined ? 0 : firstSample / sampleRate - videoStartSec;
  return { sampleCount, startSec, warnings };
}

/**
 * The first sound of a file, with the rate and the channels that are asked for.
 *
 * @throws {FlowError} `unsupported_media` without sound
 */
export async function findSound(request: DecodePcm, signal: AbortSignal): Promise<SoundSource> {
  const { path, stream, sampleRate, channels } = request;
  const found = stream ? await knownSound(path, stream) : await readSound(path, signal);
  return {
    ...found,
    path,
    sampleRate: sampleRate === 'native' ? found.sampleRate : sampleRate,
    channels: channels === 'native' ? found.channels : channels,
  };
}

type FoundSound = Omit<SoundSource, 'path'>;

async function knownSound(path: string, { videoStartSec, ...stream }: SoundStream): Promise<FoundSound> {
  await requireFile(path);
  return { ...stream, videoStartSec: async () => videoStartSec };
}

async function readSound(path: string, signal: AbortSignal): Promise<FoundSound> {
  const { video, audio, durationSec } = await probeMedia(path, signal);
  if (!audio) throw unsupportedMedia(path, 'it has no sound');
  return { ...audio, durationSec, videoStartSec: async () => video && firstVideoSec(path, video, signal) };
}

function command({ path, index, sampleRate, channels }: SoundSource, { threads }: DecodeOptions) {
  const graph = [
    `[0:${index}]aresample=${sampleRate}:async=1`,
    // One line of metadata a frame: the first says when the sound starts.
    'ametadata=add:key=is_wanted:value=1',
    `ametadata=print:file='pipe\\:${firstPipe}'[sound]`,
  ].join();
  const options = ['-map', '[sound]', '-ac', String(channels), '-c:a', 'pcm_f32le', '-f', 'f32le'];
  const inputOptions = [...readerOptions, '-threads', String(threads), '-filter_complex', graph, '-copyts'];
  return { inputOptions, input: mediaUrl(path), outputs: [{ target: 'pipe:1', options }] };
}

const framesAPiece = 1 << 14;

/** Pipes break the sound anywhere, even inside a sample. Returns the number of frames; a broken last one is left out. */
async function hearPieces(
  output: Readable,
  channels: number,
  hear: (piece: Float32Array<ArrayBuffer>) => Promise<void> | void,
): Promise<number> {
  const piece = new Float32Array(framesAPiece * channels);
  const bytes = new Uint8Array(piece.buffer);
  let filled = 0;
  let frames = 0;
  for await (const chunk of output as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + bytes.length - filled);
      bytes.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < bytes.length) continue;
      await hear(piece);
      frames += framesAPiece;
      filled = 0;
    }
  }
  const rest = Math.floor(filled / Float32Array.BYTES_PER_ELEMENT / channels);
  if (rest > 0) await hear(piece.subarray(0, rest * channels));
  return frames + rest;
}

async function readFirstPts(source: Readable): Promise<number> {
  let first: number | undefined;
  for await (const line of createInterface({ input: source })) {
    const found = first === undefined ? /^frame:\S+\s+pts:(-?\d+)/.exec(line)?.[1] : undefined;
    if (found !== undefined) first = Number(found);
  }
  return first ?? 0;
}

async function firstVideoSec(
  path: string,
  { index, timeBase }: VideoStream,
  signal: AbortSignal,
): Promise<number | undefined> {
  const pts = await firstFramePts(path, index, signal);
  return pts === undefined ? undefined : (pts * timeBase[0]) / timeBase[1];
}

function judged(path: string, sampleCount: number, { status, killedBy, stderr }: ProgramEnd): string[] {
  if (killedBy) throw programKilled(path, 'ffmpeg', killedBy);
  if (sampleCount === 0) throw decodeFailed(path, 'none of its sound can be decoded', stderr);
  if (status === 0 && stderr === '') return [];
  return [`the sound is damaged in places; ffmpeg says: ${lastLines(stderr)}`];
}
