/** What components take of a film, made outside of a build: some of its frames, or its sound. */

import { FlowError } from '../../core/errors.ts';
import type { Kind } from '../../core/kind.ts';
import type { Media, VideoStream } from '../../core/media.ts';
import { array, scalar, vector } from '../../core/nd-array.ts';
import type { NpzArrays } from '../../core/npz.ts';
import type { SamplingBudget } from '../../core/sampling.ts';

export interface Film {
  readonly path: string;
  /** Most frames that are looked at. */
  readonly frames: number;
}

export interface FilmRequest {
  readonly media: Media;
  readonly budget: SamplingBudget;
  /** What the input asks of sound: `sample_rate` and `channels`. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** A minute of sound holds windows enough. */
const mostSoundSec = 60;

/**
 * The value of an input of this kind.
 *
 * @returns undefined if the kind is neither frames nor sound
 * @throws {FlowError} `input_not_found`, `input_unreadable`, `unsupported_media`, `decode_failed`
 */
export async function filmInput(
  kind: Kind,
  film: Film,
  request: FilmRequest,
): Promise<NpzArrays | undefined> {
  const { rgb, samples } = kind.arrays ?? {};
  if (rgb) return framesOf(film, request);
  return samples ? soundOf(film, request) : undefined;
}

/** Spread over the film, but no closer than the component looks at them. */
async function framesOf({ path, frames }: Film, { media, budget, signal }: FilmRequest): Promise<NpzArrays> {
  const { info, video: scan } = await media.scanPackets(path, signal);
  if (!info.video || !scan) throw noPictures(path);
  const shown = scan.packets.filter(({ isHidden }) => !isHidden).map(({ pts }) => pts);
  const all = shown.sort((a, b) => a - b);
  if (all.length === 0) throw noPictures(path);
  const secOf = (pts: number): number => ((pts - all[0]!) * scan.timeBase[0]) / scan.timeBase[1];
  const fps = budget.fps === 'keyframes' ? 1 : budget.fps;
  const stepSec = Math.max(1 / fps, secOf(all.at(-1)!) / frames);
  const steps = Array.from({ length: frames }, (_, step) => step * stepSec);
  const wanted = steps
    .filter((sec) => sec <= secOf(all.at(-1)!))
    .map((sec) => all.findLast((pts) => secOf(pts) <= sec + roundingSec)!); // The first one lies at 0.
  const size = fitted(info.video, budget);
  const { views } = await media.decodeFrames(
    {
      path,
      timeBase: scan.timeBase,
      startPts: all[0]!,
      endPts: wanted.at(-1)! + 1,
      onlyKeyframes: false,
      views: [{ pts: wanted, ...size }],
    },
    signal,
  );
  const [{ rgb, positions }] = views as [(typeof views)[number]]; // One for each that was asked for.
  const decoded = positions.map((at) => wanted[at]!);
  return {
    rgb: array('uint8', rgb, [decoded.length, size.height, size.width, 3]),
    times_sec: vector('float64', decoded.map(secOf)),
    frame_indices: vector(
      'int32',
      decoded.map((pts) => all.indexOf(pts)),
    ),
  };
}

const roundingSec = 1e-6;

/** The largest size of the film's shape in the component's box, whose long side is for the film's long side. */
function fitted({ width, height }: VideoStream, budget: SamplingBudget): { width: number; height: number } {
  const [long, short] = [Math.max(budget.width, budget.height), Math.min(budget.width, budget.height)];
  const scale = Math.min(1, long / Math.max(width, height), short / Math.min(width, height));
  const side = (length: number): number => Math.max(2, 2 * Math.round((length * scale) / 2));
  return { width: side(width), height: side(height) };
}

async function soundOf({ path }: Film, { media, request, signal }: FilmRequest): Promise<NpzArrays> {
  const { sample_rate: sampleRate, channels } = request as { sample_rate: number; channels: number }; // As audio rules ask.
  const sound = await media.decodePcm({ path, sampleRate, channels }, signal);
  const samples = sound.samples.slice(0, mostSoundSec * sound.sampleRate * sound.channels);
  return {
    samples: array('float32', samples, [samples.length / sound.channels, sound.channels]),
    sample_rate: scalar('int32', sound.sampleRate),
    start_sec: scalar('float64', sound.startSec),
  };
}

function noPictures(path: string): FlowError {
  return new FlowError({
    code: 'unsupported_media',
    blame: 'user',
    where: path,
    message: 'Cannot take frames of this file: it has no pictures.',
    fix: 'Name a film.',
  });
}
