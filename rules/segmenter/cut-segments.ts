/**
 * Cuts a stream of packets into segments at keyframes.
 *
 * Where to cut is read from the packets (content-defined chunking, as in Muthitacharoen, Chen and Mazières, "A
 * low-bandwidth network file system", SOSP 2001): beyond the minimum length a keyframe begins a segment if its
 * hash is even. So an insertion moves only the cuts near it, and films with a common part share segments.
 */
import { digestJson } from '../../engine/core/digest.ts';
import type { Segment } from '../../engine/core/kind.ts';
import type { Packet, StreamScan } from '../../engine/core/media.ts';
import { endTime, frameTimes, gridRate, toSeconds } from './frame-times.ts';

export interface CutOptions {
  readonly minSec: number;
  readonly maxSec: number;
  /** Upright display size, pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * The segments of a video stream, in order; together they hold every frame once.
 *
 * A flaw: H.264 with periodic intra refresh marks as keyframes pictures that are whole only a second later. Decoding
 * then starts earlier and gives the right pictures, but the packets before the segment are not in its digest.
 *
 * Lengths are between `minSec` and `maxSec` where the keyframes allow it: a GOP longer than `maxSec` is a segment
 * by itself, and what is left before it, or at the end, may be shorter than `minSec`.
 *
 * @param scan packets in decoding order, the first a keyframe
 * @returns empty if no packet is shown
 */
export function cutSegments(scan: StreamScan, options: CutOptions): Segment[] {
  const pts = shownPts(scan.packets);
  if (pts.length === 0) return [];
  const rate = gridRate(pts, scan.timeBase);
  const times = frameTimes(pts, scan.timeBase, rate);
  const film: Film = { scan, pts, rate, times, endPts: endOfFilm(scan.packets, pts), frameOf: numbered(pts) };
  const starts = chooseStarts(film, candidates(film), options);
  return starts.map((start, index) => segmentFrom(film, { start, next: starts[index + 1], index }, options));
}

/** PTS of the frames in presentation order; packets that share one (a hidden reference of VP9) are one frame. */
export function shownPts(packets: readonly Packet[]): number[] {
  const shown = new Set<number>();
  for (const packet of packets) if (!packet.isHidden) shown.add(packet.pts);
  return [...shown].sort((a, b) => a - b);
}

interface Film {
  readonly scan: StreamScan;
  /** Of all frames, in presentation order. */
  readonly pts: readonly number[];
  readonly rate: readonly [number, number] | undefined;
  readonly times: Float64Array;
  readonly endPts: number;
  readonly frameOf: ReadonlyMap<number, number>;
}

/** A place where a segment may begin. */
interface Start {
  /** Of the keyframe, in decoding order. */
  readonly packet: number;
  /** Of the first frame, in presentation order. */
  readonly frame: number;
  readonly isCut: boolean;
}

/** Where the last frame ends: after its own length, or else that of the frame before, or else a tick. */
function endOfFilm(packets: readonly Packet[], pts: readonly number[]): number {
  const last = pts.at(-1)!;
  const ownTicks = packets.find((packet) => packet.pts === last && packet.duration > 0)?.duration;
  const beforeTicks = pts.length > 1 ? last - pts.at(-2)! : 1;
  return last + (ownTicks ?? beforeTicks);
}

function numbered(pts: readonly number[]): Map<number, number> {
  return new Map(pts.map((tick, frame) => [tick, frame]));
}

/** Keyframes with nothing before them in decoding order that is shown after them. */
function candidates({ scan, frameOf }: Film): Start[] {
  const starts: Start[] = [{ packet: 0, frame: 0, isCut: true }];
  let latest = scan.packets[0]!.pts;
  for (const [index, packet] of scan.packets.entries()) {
    const frame = packet.isHidden ? undefined : frameOf.get(packet.pts);
    const isClean = packet.isKeyframe && packet.pts > latest;
    if (isClean && frame !== undefined && frame > 0)
      starts.push({ packet: index, frame, isCut: saysCut(packet) });
    latest = Math.max(latest, packet.pts);
  }
  return starts;
}

function saysCut(packet: Packet): boolean {
  return Number.parseInt(packet.hash.at(-1) ?? '0', 16) % 2 === 0;
}

// GOPs often measure whole seconds: a millisecond of rounding must not decide whether four of two seconds are eight.
const slackSec = 0.005;

function chooseStarts(film: Film, all: readonly Start[], { minSec, maxSec }: CutOptions): Start[] {
  const endSec = toSeconds(film.endPts - film.pts[0]!, film.scan.timeBase);
  const timeOf = (start: Start | undefined): number => (start ? film.times[start.frame]! : endSec);
  const chosen = [all[0]!];
  for (const [index, start] of all.entries()) {
    if (index === 0) continue;
    const lengthSec = timeOf(start) - timeOf(chosen.at(-1));
    const nextLengthSec = timeOf(all[index + 1]) - timeOf(chosen.at(-1));
    const isLastChance = nextLengthSec > maxSec + slackSec;
    if (isLastChance || (start.isCut && lengthSec >= minSec - slackSec)) chosen.push(start);
  }
  return chosen;
}

interface Cut {
  readonly start: Start;
  readonly next: Start | undefined;
  readonly index: number;
}

function segmentFrom(film: Film, { start, next, index }: Cut, { width, height }: CutOptions): Segment {
  const { timeBase, packets, codecDigest } = film.scan;
  const startPts = film.pts[start.frame]!;
  const framePts = film.pts.slice(start.frame, next?.frame).map((tick) => tick - startPts);
  const rate = film.rate ?? gridRate(framePts, timeBase);
  const endPts = (next ? film.pts[next.frame]! : film.endPts) - startPts;
  const durationSec = endTime(endPts, timeBase, rate);
  const needed = neededPackets(packets, start, next, startPts);
  const positionOf = (packet: Packet): number | undefined =>
    packet.isHidden ? undefined : inSegment(film.frameOf.get(packet.pts)! - start.frame, framePts.length);
  const keyframes = needed.filter((packet) => packet.isKeyframe).map(positionOf);
  const content = {
    version: 1,
    codecDigest,
    size: [width, height],
    // Payloads in decoding order, each with the number of its frame; null is decoded but not shown here.
    packets: needed.map((packet) => [packet.hash, positionOf(packet) ?? null]),
    timesSec: [...frameTimes(framePts, timeBase, rate)],
    durationSec,
    keyframes: keyframes.filter((frame) => frame !== undefined),
  };
  return {
    index,
    digest: digestJson(content),
    startSec: film.times[start.frame]!,
    durationSec,
    firstFrame: start.frame,
    timeBase,
    startPts,
    framePts,
    ...(rate ? { rate } : {}),
    width,
    height,
    keyframes: content.keyframes,
  };
}

function inSegment(frame: number, count: number): number | undefined {
  return frame >= 0 && frame < count ? frame : undefined;
}

/**
 * The packets that the decoding of a segment reads, in decoding order.
 *
 * ```
 *   decoding order:  K₁ b b P …  K₂ b b P …      b after K₂ may be shown before K₂ ("leading pictures",
 *   segment 1:       K₁     P …  K₂ b b            of an open GOP): then they belong to segment 1, with
 *   segment 2:                   K₂     P …        K₂ itself, which they are predicted from.
 * ```
 */
function neededPackets(
  packets: readonly Packet[],
  start: Start,
  next: Start | undefined,
  startPts: number,
): Packet[] {
  const isFirst = start.packet === 0;
  const own = packets.slice(start.packet, next?.packet);
  const kept = isFirst ? own : own.filter((packet) => packet.pts >= startPts);
  return next === undefined
    ? kept
    : [...kept, ...packets.slice(next.packet, endOfLeading(packets, next.packet))];
}

/** The index after the last leading picture of a keyframe; the keyframe's own if it has none. */
function endOfLeading(packets: readonly Packet[], keyframe: number): number {
  let end = keyframe;
  for (let index = keyframe + 1; index < packets.length && !packets[index]!.isKeyframe; index += 1) {
    if (packets[index]!.pts < packets[keyframe]!.pts) end = index + 1;
  }
  return end;
}
