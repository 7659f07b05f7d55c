/** What a media file holds, by ffprobe. */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { AudioStream, MediaInfo, VideoStream } from '../../core/media.ts';
import { mediaUrl, readerOptions, runFfprobe } from './ffmpeg-program.ts';
import { programKilled, requireFile, unsupportedMedia } from './media-errors.ts';

/**
 * Reads the headers of a file.
 *
 * Rotation is taken from the display matrix alone, since ffmpeg turns pictures by that and by nothing else.
 *
 * @returns at least one of `video` and `audio`
 * @throws {FlowError} `input_not_found`, `input_unreadable`, `unsupported_media`
 */
export async function probeMedia(path: string, signal: AbortSignal): Promise<MediaInfo> {
  await requireFile(path);
  const { said, end } = await runFfprobe([...probeOptions, mediaUrl(path)], signal, text);
  if (end.killedBy) throw programKilled(path, 'ffprobe', end.killedBy);
  if (end.status !== 0)
    throw unsupportedMedia(path, 'it is not audio or video that ffmpeg can read', end.stderr);
  const { streams, format } = answer.parse(JSON.parse(said));
  if (streams.length === 0) throw unsupportedMedia(path, 'it holds no streams');
  const video = streams.find(isFilm);
  const audio = streams.find(isSound);
  if (!video && !audio) throw unsupportedMedia(path, 'it holds neither video nor sound');
  if (video && video.width * video.height === 0)
    throw unsupportedMedia(path, 'it does not say how large its pictures are');
  return {
    format: format.format_name,
    durationSec: Number(format.duration ?? Number.NaN),
    startSec: Number(format.start_time ?? 0),
    ...(video ? { video: videoStream(video) } : {}),
    ...(audio ? { audio: audioStream(audio) } : {}),
  };
}

const probeOptions = [
  ...readerOptions,
  '-show_entries',
  [
    'stream=index,codec_type,codec_name,pix_fmt,width,height,sample_aspect_ratio,avg_frame_rate,time_base',
    'sample_rate,channels',
  ].join(),
  '-show_entries',
  'stream_side_data=rotation:stream_disposition=attached_pic:format=format_name,duration,start_time',
  '-of',
  'json',
];

const stream = z.object({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().default('unknown'),
  pix_fmt: z.string().default('unknown'),
  width: z.number().int().default(0),
  height: z.number().int().default(0),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().default('0/0'),
  time_base: z.string().default('1/1000'),
  sample_rate: z.coerce.number().default(0),
  channels: z.number().int().default(0),
  disposition: z.object({ attached_pic: z.number() }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
});

const answer = z.object({
  streams: z.array(stream).default([]),
  format: z.object({
    format_name: z.string(),
    duration: z.string().optional(),
    start_time: z.string().optional(),
  }),
});

type Stream = z.output<typeof stream>;

function isFilm(candidate: Stream): boolean {
  const isCover = candidate.disposition?.attached_pic === 1;
  return candidate.codec_type === 'video' && !isCover;
}

function isSound(candidate: Stream): boolean {
  return candidate.codec_type === 'audio' && candidate.sample_rate > 0 && candidate.channels > 0;
}

function videoStream(found: Stream): VideoStream {
  const rotationDeg = clockwiseTurn(
    found.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0,
  );
  const [wide, high] = ratio(found.sample_aspect_ratio?.replace(':', '/') ?? '1/1');
  const squareWidth =
    wide > 0 && high > 0 ? Math.max(1, Math.round((found.width * wide) / high)) : found.width;
  const isTurned = rotationDeg % 180 !== 0;
  const [frames, seconds] = ratio(found.avg_frame_rate);
  return {
    index: found.index,
    codec: found.codec_name,
    pixelFormat: found.pix_fmt,
    width: isTurned ? found.height : squareWidth,
    height: isTurned ? squareWidth : found.height,
    codedWidth: found.width,
    codedHeight: found.height,
    rotationDeg,
    averageFps: frames > 0 && seconds > 0 ? frames / seconds : Number.NaN,
    timeBase: ratio(found.time_base),
  };
}

function audioStream(found: Stream): AudioStream {
  return {
    index: found.index,
    codec: found.codec_name,
    sampleRate: found.sample_rate,
    channels: found.channels,
  };
}

/** ffprobe counts the turn of the camera, which is undone clockwise. A turn that is not a right angle keeps the size. */
function clockwiseTurn(rotation: number): number {
  const clockwise = (((-rotation % 360) + 360) % 360) + 0;
  const rightAngle = (Math.round(clockwise / 90) * 90) % 360;
  return Math.abs(clockwise - Math.round(clockwise / 90) * 90) <= 1 ? rightAngle : 0;
}

function ratio(fraction: string): [number, number] {
  const [numerator = 0, denominator = 1] = fraction.split('/').map(Number);
  return [numerator, denominator];
}
