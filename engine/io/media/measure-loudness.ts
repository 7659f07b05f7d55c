/**
 * Loudness by ffmpeg's `ebur128`, while the sound is decoded.
 *
 * ```
 *   file ─ ffmpeg ─ PCM ─┬─ hear
 *                        └─ ffmpeg (ebur128) ─┬─ the meter's curves, as text
 *                                             └─ its summary, in the end
 * ```
 * Two programs, since the meter must not see what the decoder sees: where the number of channels or the rate changes
 * midway, as in a broadcast, ffmpeg builds its filters anew, and a meter among them would forget what it heard.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { HearSamples, LoudnessReport, MeasuredSound, SoundFile } from '../../core/media.ts';
import { firstPipe, type Supervised } from '../program.ts';
import type { DecodeOptions } from './decode-frames.ts';
import { runFfmpeg } from './ffmpeg-program.ts';
import { decodeFailed, programKilled } from './media-errors.ts';
import { findSound, type SoundSource, type StreamedSound, streamSound } from './stream-sound.ts';

/**
 * Measures loudness as EBU R 128 (EBU Tech 3341 and 3342, ITU-R BS.1770-4) defines it.
 *
 * Channels are taken in ffmpeg's usual order for their number (six: 5.1, with surround channels weighted and
 * LFE left out). The meter's first value comes after 0.1 s; shorter sound has no curve and no loudness.
 *
 * @throws {FlowError} `unsupported_media` without sound; `decode_failed` if nothing can be decoded, or if ffmpeg
 * cannot measure such a sound
 */
export async function measureLoudness(
  file: SoundFile,
  hear: HearSamples,
  options: DecodeOptions,
): Promise<MeasuredSound> {
  const source = await findSound({ ...file, sampleRate: 'native', channels: 'native' }, options.signal);
  const { path, sampleRate, channels } = source;
  const { said, end } = await runFfmpeg(
    meter(source),
    { signal: options.signal, pipes: ['in', 'out'] },
    (program) => exchange(program, source, hear, options),
  );
  if (end.killedBy) throw programKilled(path, 'ffmpeg', end.killedBy);
  if (end.status !== 0) throw decodeFailed(path, 'its loudness cannot be measured', end.stderr);
  const [curves, sound] = said;
  return { ...curves, truePeakDbtp: summaryPeak(end.stderr), ...sound, sampleRate, channels };
}

function meter({ sampleRate, channels }: SoundSource) {
  const filter = ['ebur128=peak=true:metadata=1', `ametadata=print:file='pipe\\:${firstPipe + 1}'`].join();
  return {
    verbosity: 'info' as const,
    inputOptions: ['-f', 'f32le', '-ar', String(sampleRate), '-ac', String(channels)],
    input: `pipe:${firstPipe}`,
    outputs: [{ target: 'pipe:1', options: ['-af', filter, '-f', 'null'] }],
  };
}

type Curves = Omit<LoudnessReport, 'truePeakDbtp'>;

function exchange(
  program: Supervised,
  source: SoundSource,
  hear: HearSamples,
  options: DecodeOptions,
): Promise<[Curves, StreamedSound]> {
  program.stdout.resume();
  const pipe = program.input(firstPipe);
  const listen = (piece: Float32Array<ArrayBuffer>): Promise<void> => {
    hear(piece, source.channels);
    return written(pipe, piece);
  };
  const streamed = streamSound(source, listen, options).finally(() => pipe.end());
  return Promise.all([readCurves(program.output(firstPipe + 1)), streamed]);
}

/** Settles when the pipe has taken the piece. A program that ends early fails the write; its exit status tells why. */
function written(pipe: Writable, piece: Float32Array<ArrayBuffer>): Promise<void> {
  const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  const { promise, resolve } = Promise.withResolvers<void>();
  pipe.write(bytes, () => resolve());
  return promise;
}

const stepsPerSec = 10;

// The gates of BS.1770-4 open at −70 LUFS; ffmpeg says −70 for 'nothing passed'.
const absoluteGateLufs = -70;

/**
 * The highest true peak of the summary, to 0.1 dB. The meter's lines have it too, but as a bare ratio in some
 * versions of ffmpeg and in decibels in others.
 */
function summaryPeak(stderr: string): number {
  const peak = /True peak:\s+Peak:\s+(\S+) dBFS/.exec(stderr)?.[1];
  return peak === undefined ? Number.NEGATIVE_INFINITY : level(peak);
}

/** Reads the meter: lines `lavfi.r128.M=-23.1`, a group of them for each step. */
async function readCurves(source: Readable): Promise<Curves> {
  const momentary: number[] = [];
  const shortTerm: number[] = [];
  let integrated = absoluteGateLufs;
  let rangeLu = 0;
  for await (const line of createInterface({ input: source })) {
    const [, name, text] = /^lavfi\.r128\.(\w+)=(\S+)/.exec(line) ?? [];
    if (name === undefined || text === undefined) continue;
    const value = level(text);
    if (name === 'M') momentary.push(value);
    else if (name === 'S') shortTerm.push(value);
    else if (name === 'I') integrated = value;
    else if (name === 'LRA') rangeLu = value;
  }
  return {
    integratedLufs: integrated <= absoluteGateLufs ? Number.NEGATIVE_INFINITY : integrated,
    rangeLu,
    timesSec: Float64Array.from(momentary, (_, step) => (step + 1) / stepsPerSec),
    momentaryLufs: Float32Array.from(momentary),
    shortTermLufs: Float32Array.from(shortTerm),
  };
}

function level(text: string): number {
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
