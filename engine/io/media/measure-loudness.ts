/** Loudness by ffmpeg's `ebur128`. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { LoudnessReport, Pcm } from '../../core/media.ts';
import { firstPipe, type Supervised } from '../program.ts';
import { runFfmpeg } from './ffmpeg-program.ts';
import { decodeFailed, programKilled } from './media-errors.ts';

/**
 * Measures loudness as EBU R 128 (EBU Tech 3341 and 3342, ITU-R BS.1770-4) defines it.
 *
 * Channels are taken in ffmpeg's usual order for their number (six: 5.1, with surround channels weighted and
 * LFE left out). The meter's first value comes after 0.1 s; shorter sound has no curve and no loudness.
 *
 * @throws {FlowError} `decode_failed` if ffmpeg refuses the sound (a sample rate or channel count of 0)
 */
export async function measureLoudness(pcm: Pcm, signal: AbortSignal): Promise<LoudnessReport> {
  const filter = ['ebur128=peak=true:metadata=1', `ametadata=print:file='pipe\\:${firstPipe + 1}'`].join();
  const { said: curves, end } = await runFfmpeg(
    {
      verbosity: 'info',
      inputOptions: ['-f', 'f32le', '-ar', String(pcm.sampleRate), '-ac', String(pcm.channels)],
      input: `pipe:${firstPipe}`,
      outputs: [{ target: 'pipe:1', options: ['-af', filter, '-f', 'null'] }],
    },
    { signal, pipes: ['in', 'out'] },
    (program) => exchange(program, pcm.samples),
  );
  if (end.killedBy) throw programKilled('sound', 'ffmpeg', end.killedBy);
  if (end.status !== 0) throw decodeFailed('sound', 'its loudness cannot be measured', end.stderr);
  return { ...curves, truePeakDbtp: summaryPeak(end.stderr) };
}

type Curves = Omit<LoudnessReport, 'truePeakDbtp'>;

async function exchange(program: Supervised, samples: Float32Array): Promise<Curves> {
  program.stdout.resume();
  const [curves] = await Promise.all([
    readCurves(program.output(firstPipe + 1)),
    writeSamples(program.input(firstPipe), samples),
  ]);
  return curves;
}

const writeBytes = 1 << 20;

async function writeSamples(pipe: Writable, samples: Float32Array): Promise<void> {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  for (let start = 0; start < bytes.length && !pipe.destroyed; start += writeBytes) {
    const { promise, resolve } = Promise.withResolvers<void>();
    // A program that ends early fails the write; its exit status tells why.
    pipe.write(bytes.subarray(start, start + writeBytes), () => resolve());
    await promise;
  }
  pipe.end();
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
