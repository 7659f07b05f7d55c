/** What is known of the sample film, as `truth.json` states it. Times are seconds from the first video frame. */
import { z } from 'zod';
import { type FrameSpan, fps, type Size } from './shots.ts';
import {
  clickSamples,
  clicks,
  type Loudness,
  type Sound,
  sampleRate,
  silence,
  spokenText,
  targetLufs,
  tempoBpm,
} from './sound.ts';
import { type PlacedCut, type PlacedShot, timeline } from './timeline.ts';

const span = { start_sec: z.number(), end_sec: z.number() };
const frameSpan = { ...span, start_frame: z.int(), end_frame: z.int() };
const lufs = z.number();

/** Spans hold their start and not their end. */
export const truthSchema = z.strictObject({
  schema_version: z.literal(1),
  stamp: z.string().describe('digest of what made the film: the same stamp, the same bytes'),
  film: z.strictObject({
    fps: z.number(),
    frames: z.int(),
    duration_sec: z.number(),
    width: z.int(),
    height: z.int(),
    keyframe_interval_sec: z.number(),
    sample_rate: z.int(),
    channels: z.int(),
  }),
  shots: z.array(
    z.strictObject({
      name: z.string(),
      ...frameSpan,
      camera_px_per_frame: z.number().optional().describe('speed of a moving camera, pixels of sample.mp4'),
    }),
  ),
  cuts: z.array(
    z.strictObject({
      type: z.enum(['hard', 'dissolve', 'fade_out', 'fade_in']),
      time_sec: z
        .number()
        .describe('hard: the new shot’s first frame; dissolve: its middle; fade: its black end'),
      frame: z.int().describe('frame whose PTS time_sec is'),
      start_sec: z.number().optional().describe('last frame without the effect; absent for a hard cut'),
      end_sec: z.number().optional().describe('first frame on which the effect is complete'),
      remark: z.string().optional(),
    }),
  ),
  flashes: z.array(z.strictObject(frameSpan)).describe('white frames inside a shot: not cuts'),
  text: z.array(z.strictObject({ string: z.string(), ...frameSpan })),
  speech: z.strictObject({ text: z.string(), ...span }),
  tempo_bpm: z.number(),
  tempo_span: z.strictObject(span),
  click_times_sec: z.array(z.number()),
  silence: z.array(z.strictObject(span)),
  target_lufs: lufs.describe('before encoding'),
  integrated_lufs: lufs.describe('of sample.mp4 as encoded, by ebur128'),
  integrated_lufs_loudnorm: lufs.describe('of the same, by loudnorm'),
  variants: z.array(
    z.strictObject({
      file: z.string(),
      width: z.int().describe('as shown upright'),
      height: z.int(),
      rotation_deg: z.number().describe('clockwise turn that shows the stored picture upright'),
      has_audio: z.boolean(),
      bytes: z.int(),
    }),
  ),
});

export type Truth = z.infer<typeof truthSchema>;
export type Variant = Truth['variants'][number];

export const keyframeIntervalS = 2;

export interface MadeFilm {
  readonly stamp: string;
  readonly sound: Sound;
  readonly loudness: Loudness;
  /** Size of sample.mp4. */
  readonly size: Size;
  readonly variants: readonly Variant[];
}

export function truthOf({ stamp, sound, loudness, size, variants }: MadeFilm): Truth {
  return {
    schema_version: 1,
    stamp,
    film: filmFacts(size),
    shots: timeline.shots.map((placed) => shotTruth(placed, size)),
    cuts: timeline.cuts.map(cutTruth),
    flashes: timeline.flashes.map(frames),
    text: timeline.texts.map((text) => ({ string: text.string, ...frames(text) })),
    ...soundTruth(sound),
    target_lufs: targetLufs,
    integrated_lufs: loudness.ebur128Lufs,
    integrated_lufs_loudnorm: loudness.loudnormLufs,
    variants: [...variants],
  };
}

function filmFacts({ width, height }: Size): Truth['film'] {
  return {
    fps,
    frames: timeline.frames,
    duration_sec: timeline.frames / fps,
    width,
    height,
    keyframe_interval_sec: keyframeIntervalS,
    sample_rate: sampleRate,
    channels: 2,
  };
}

function shotTruth(placed: PlacedShot, size: Size): Truth['shots'][number] {
  const { name, cameraPxPerFrame } = placed.shot;
  const camera = cameraPxPerFrame && { camera_px_per_frame: rounded(cameraPxPerFrame(size)) };
  return { name, ...frames(placed), ...camera };
}

function cutTruth({ type, frame, from, to, remark }: PlacedCut): Truth['cuts'][number] {
  const effect = type !== 'hard' && { start_sec: seconds(from), end_sec: seconds(to) };
  return { type, time_sec: seconds(frame), frame, ...effect, ...(remark && { remark }) };
}

function soundTruth({
  voice,
}: Sound): Pick<Truth, 'speech' | 'tempo_bpm' | 'tempo_span' | 'click_times_sec' | 'silence'> {
  return {
    speech: { text: spokenText, ...sampleSpan(voice) },
    tempo_bpm: tempoBpm,
    tempo_span: sampleSpan(clicks),
    click_times_sec: clickSamples.map((sample) => sample / sampleRate),
    silence: [sampleSpan(silence)],
  };
}

function frames({ from, to }: FrameSpan): z.infer<z.ZodObject<typeof frameSpan>> {
  return { start_sec: seconds(from), end_sec: seconds(to), start_frame: from, end_frame: to };
}

function sampleSpan({ from, to }: { from: number; to: number }): z.infer<z.ZodObject<typeof span>> {
  return { start_sec: rounded(from / sampleRate), end_sec: rounded(to / sampleRate) };
}

function seconds(frame: number): number {
  return rounded(frame / fps);
}

/** To a microsecond, so that truth.json reads well. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
