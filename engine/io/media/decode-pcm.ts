/** Decodes the sound of a file. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { AudioStream, DecodePcm, MediaInfo, Pcm } from '../../core/media.ts';
import { firstPipe, type ProgramEnd } from '../program.ts';
import type { DecodeOptions } from './decode-frames.ts';
import { mediaUrl, readerOptions, runFfmpeg } from './ffmpeg-program.ts';
import { decodeFailed, lastLines, programKilled, unsupportedMedia } from './media-errors.ts';
import { probeMedia } from './probe-media.ts';
import { firstFramePts } from './scan-packets.ts';

/**
 * Decodes the first audio stream from its first sample to its last.
 *
 * A gap of more than 0.1 s (lost packets, or a jump in the file's times) is filled with silence, an overlap is
 * cut: sample n stays at `startSec` + n / `sampleRate`. Samples that the container says to skip (the priming of
 * the encoder) are not given.
 *
 * @throws {FlowError} `unsupported_media` without sound; `decode_failed` if nothing can be decoded
 */
export async function decodePcm(
  request: DecodePcm,
  options: DecodeOptions,
): Promise<Pcm & { warnings: string[] }> {
  const info = await probeMedia(request.path, options.signal);
  if (!info.audio) throw unsupportedMedia(request.path, 'it has no sound');
  const sampleRate = request.sampleRate === 'native' ? info.audio.sampleRate : request.sampleRate;
  const channels = request.channels === 'native' ? info.audio.channels : request.channels;
  const decoded = await decode(request.path, info, { ...info.audio, sampleRate, channels }, options);
  const warnings = judged(request.path, decoded.samples.length, decoded.end);
  const videoStartSec = await firstVideoSec(request.path, info, options.signal);
  const startSec = decoded.firstSample / sampleRate;
  const relativeSec = videoStartSec === undefined ? 0 : startSec - videoStartSec;
  return { samples: decoded.samples, sampleRate, channels, startSec: relativeSec, warnings };
}

interface Decoded {
  readonly samples: Float32Array;
  /** Time of the first sample, in samples. */
  readonly firstSample: number;
  readonly end: ProgramEnd;
}

async function decode(
  path: string,
  info: MediaInfo,
  { index, sampleRate, channels }: AudioStream,
  { threads, signal }: DecodeOptions,
): Promise<Decoded> {
  const graph = [
    `[0:${index}]aresample=${sampleRate}:async=1`,
    // One line of metadata a frame: the first says when the sound starts.
    'ametadata=add:key=is_wanted:value=1',
    `ametadata=print:file='pipe\\:${firstPipe}'[sound]`,
  ].join();
  const options = ['-map', '[sound]', '-ac', String(channels), '-c:a', 'pcm_f32le', '-f', 'f32le'];
  const inputOptions = [...readerOptions, '-threads', String(threads), '-filter_complex', graph, '-copyts'];
  const expectedSec = Number.isFinite(info.durationSec) ? info.durationSec : 0;
  const expected = Math.ceil((expectedSec + marginSec) * sampleRate) * channels;
  const { said, end } = await runFfmpeg(
    { inputOptions, input: mediaUrl(path), outputs: [{ target: 'pipe:1', options }] },
    { signal, pipes: ['out'] },
    (program) =>
      Promise.all([readSamples(program.stdout, expected), readFirstPts(program.output(firstPipe))]),
  );
  const [samples, firstSample] = said;
  return { samples: samples.subarray(0, samples.length - (samples.length % channels)), firstSample, end };
}

// Memory that is reserved but never written costs nothing, so that headers may be wrong by this much for free.
const marginSec = 10;

async function readSamples(source: Readable, expected: number): Promise<Float32Array> {
  let bytes = new Uint8Array(new SharedArrayBuffer(expected * Float32Array.BYTES_PER_ELEMENT));
  let filled = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (filled + chunk.length > bytes.length) bytes = grown(bytes, filled + chunk.length);
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return new Float32Array(bytes.buffer, 0, Math.floor(filled / Float32Array.BYTES_PER_ELEMENT));
}

/** Half as much again: for files whose header does not say how long they are. */
function grown(bytes: Uint8Array, atLeast: number): Uint8Array<SharedArrayBuffer> {
  const larger = new Uint8Array(new SharedArrayBuffer(Math.ceil((atLeast * 1.5) / 4) * 4));
  larger.set(bytes);
  return larger;
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
  { video }: MediaInfo,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!video) return undefined;
  const pts = await firstFramePts(path, video.index, signal);
  return pts === undefined ? undefined : (pts * video.timeBase[0]) / video.timeBase[1];
}

function judged(path: string, sampleCount: number, { status, killedBy, stderr }: ProgramEnd): string[] {
  if (killedBy) throw programKilled(path, 'ffmpeg', killedBy);
  if (sampleCount === 0) throw decodeFailed(path, 'none of its sound can be decoded', stderr);
  if (status === 0 && stderr === '') return [];
  return [`the sound is damaged in places; ffmpeg says: ${lastLines(stderr)}`];
}
