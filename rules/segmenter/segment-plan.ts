/** Reads a video's headers and packets and cuts it into segments, without decoding anything. */
import { z } from 'zod';
import { canonicalJson } from '../../engine/core/canonical-json.ts';
import { StreamDigest } from '../../engine/core/digest.ts';
import { FlowError } from '../../engine/core/errors.ts';
import { file, type Segment, segments, type ValueOf } from '../../engine/core/kind.ts';
import type { MediaInfo, PacketScan, StreamScan } from '../../engine/core/media.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { audioTrack, metadata } from '../kinds.ts';
import { cutSegments, shownPts } from './cut-segments.ts';
import { frameTimes, gridRate, toSeconds } from './frame-times.ts';

export const segmentPlan = defineRule({
  name: 'segmenter/segment-plan',
  version: '1',
  scope: 'whole',
  params: z
    .strictObject({
      min_sec: z
        .number()
        .positive()
        .default(8)
        .describe('length below which no segment is cut on purpose; seconds'),
      max_sec: z
        .number()
        .positive()
        .default(16)
        .describe('length that no segment passes if keyframes allow; seconds'),
    })
    .refine(({ min_sec, max_sec }) => min_sec <= max_sec, { path: ['min_sec'], error: 'is above max_sec' }),
  inputs: { video: input(file()) },
  outputs: { metadata, segments: segments(), audio: audioTrack },
  resources: { cores: 1, memoryMiB: 512 },
  programs: ['ffmpeg'],

  async run({ inputs, params, media, signal }) {
    const { path } = inputs.video;
    const scan = await media.scanPackets(path, signal);
    const { info } = scan;
    const table = cut(info, scan, { minSec: params.min_sec, maxSec: params.max_sec });
    const track = trackOf(info, scan);
    if (table.length === 0 && track === null) throw nothingInside(path);
    return { metadata: describe(info, scan, { table, track }), segments: table, audio: track };
  },
});

function cut({ video }: MediaInfo, scan: PacketScan, limits: { minSec: number; maxSec: number }): Segment[] {
  if (!video || !scan.video) return [];
  return cutSegments(scan.video, { ...limits, width: video.width, height: video.height });
}

function trackOf(info: MediaInfo, scan: PacketScan): ValueOf<typeof audioTrack> {
  if (!info.audio || !scan.audio || scan.audio.packets.length === 0) return null;
  const { sampleRate, channels } = info.audio;
  return { digest: soundDigest(scan.audio, filmStartSec(scan)), sample_rate: sampleRate, channels };
}

/**
 * Names the sound and where it lies against the pictures. Times are exact: other than with pictures, a change
 * of container may move the first sample for real (MP4 says how much priming to skip, Matroska often does not).
 */
function soundDigest({ codecDigest, timeBase, packets }: StreamScan, startSec: number): string {
  const digest = new StreamDigest();
  const encoder = new TextEncoder();
  // A row at a time: one document of all packets would be the largest thing in memory.
  const add = (row: readonly unknown[]): void => digest.update(encoder.encode(`${canonicalJson(row)}\n`));
  add(['version', 2, codecDigest]);
  for (const { hash, pts } of packets) add([hash, toSeconds(pts, timeBase) - startSec]);
  return digest.finish();
}

/** Time of the first frame, or without pictures of the first sound; seconds, as in the file. */
function filmStartSec(scan: PacketScan): number {
  return firstFrameSec(scan) ?? firstSoundSec(scan) ?? 0;
}

function firstFrameSec({ video }: PacketScan): number | undefined {
  const pts = video && shownPts(video.packets)[0];
  return pts === undefined ? undefined : toSeconds(pts, video!.timeBase);
}

function firstSoundSec({ audio }: PacketScan): number | undefined {
  const [first] = audio?.packets ?? [];
  return first && toSeconds(first.pts, audio!.timeBase);
}

function soundEndSec(scan: PacketScan): number {
  const last = scan.audio?.packets.at(-1);
  if (!scan.audio || !last) return 0;
  return toSeconds(last.pts + last.duration, scan.audio.timeBase) - filmStartSec(scan);
}

function describe(
  info: MediaInfo,
  scan: PacketScan,
  { table, track }: { table: readonly Segment[]; track: ValueOf<typeof audioTrack> },
): ValueOf<typeof metadata> {
  const last = table.at(-1);
  const video = last && info.video;
  const pts = video && scan.video ? shownPts(scan.video.packets) : [];
  return {
    format: info.format,
    streams: streamsOf(scan),
    duration_sec: last ? last.startSec + last.durationSec : soundEndSec(scan),
    has_video: video !== undefined,
    has_audio: track !== null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    rotation_deg: video?.rotationDeg ?? null,
    ...rateOf(pts, scan.video),
    frame_count: pts.length,
    segment_count: table.length,
  };
}

function streamsOf(scan: PacketScan): ValueOf<typeof metadata>['streams'] {
  const { video, audio } = scan.info;
  const [videoSec = null, audioSec = null] = [firstFrameSec(scan), firstSoundSec(scan)];
  return [
    ...(video
      ? [{ index: video.index, type: 'video' as const, codec: video.codec, start_sec: videoSec }]
      : []),
    ...(audio
      ? [{ index: audio.index, type: 'audio' as const, codec: audio.codec, start_sec: audioSec }]
      : []),
  ];
}

/** By the packets, since headers give averages of all kinds. A single frame has no rate. */
function rateOf(
  pts: readonly number[],
  scan: StreamScan | undefined,
): { fps: number | null; is_vfr: boolean | null } {
  if (!scan || pts.length === 0) return { fps: null, is_vfr: null };
  if (pts.length === 1) return { fps: null, is_vfr: false };
  const times = frameTimes(pts, scan.timeBase, gridRate(pts, scan.timeBase));
  const averageSec = times.at(-1)! / (times.length - 1);
  const isSteady = times.every((time, frame) => Math.abs(time - frame * averageSec) <= steadySec);
  return { fps: Math.round(1e6 / averageSec) / 1e6, is_vfr: !isSteady };
}

// Containers that round to milliseconds put a frame up to one off its place.
const steadySec = 0.00105;

function nothingInside(path: string): FlowError {
  return new FlowError({
    code: 'unsupported_media',
    blame: 'user',
    message: `Cannot use "${path}": its streams hold neither pictures nor sound.`,
    fix: 'Give a video or sound file with content; ffprobe -show_packets shows what a file holds.',
  });
}
