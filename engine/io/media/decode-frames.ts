/**
 * Decodes an interval of a video once, to any number of views.
 *
 * ```
 *                  ┌ select ─ scale ─ rgb24 ─┬─ pipe:5  pictures
 *   seek ─── trim ─┤                         └─ pipe:6  their PTS, as text
 *                  └ select ─ …                 pipe:7, pipe:8
 * ```
 * The graph works in the stream's own time base and names frames by their PTS: nothing is counted or rounded.
 * Where its list of wanted frames is longer than an argument may be, it goes in by a pipe.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { DecodedFrames, DecodeFrames, FrameView } from '../../core/media.ts';
import { sharedBytes, spaciousBytes } from '../../core/shared-bytes.ts';
import { firstPipe, type ProgramEnd, type Supervised } from '../program.ts';
import { ffmpegVersion, mediaUrl, readerOptions, runFfmpeg } from './ffmpeg-program.ts';
import { decodeFailed, lastLines, programKilled, requireFile } from './media-errors.ts';
import { reorderingLeadSec } from './reordering-lead.ts';
import { selectFrames } from './select-frames.ts';

export interface DecodeOptions {
  /** Threads of the decoder and of the filters; the pictures do not depend on it. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/**
 * Decodes the wanted frames of the first video stream that is not a cover picture.
 *
 * Scaling is bicubic with exact rounding: the same bits for any number of threads and any kind of processor.
 *
 * Keyframes alone are first tried without decoding the others. H.264 with open GOPs can lose some in that way;
 * then all frames are decoded after all.
 *
 * @throws {FlowError} `decode_failed` if not one frame could be decoded; the lack of some is a warning
 */
export async function decodeFrames(
  request: DecodeFrames,
  options: DecodeOptions,
): Promise<{ views: DecodedFrames[]; warnings: string[] }> {
  await requireFile(request.path);
  const firstWanted = Math.min(...request.views.flatMap((view) => view.pts.slice(0, 1)));
  if (firstWanted === Number.POSITIVE_INFINITY) return { views: request.views.map(noFrames), warnings: [] };
  if (request.onlyKeyframes) {
    const pass = await decodeFrom((await seeks(request, options.signal))[0]!, request, options);
    if (decodedCount(request, pass) === wantedCount(request)) return judged(request, pass);
  }
  return decodeAll({ ...request, onlyKeyframes: false }, firstWanted, options);
}

/** Decodes every frame of the interval; earlier and earlier from, if the first wanted one does not come. */
async function decodeAll(
  request: DecodeFrames,
  firstWanted: number,
  options: DecodeOptions,
): Promise<{ views: DecodedFrames[]; warnings: string[] }> {
  let pass: Pass | undefined;
  for (const seek of await seeks(request, options.signal)) {
    pass = await decodeFrom(seek, request, options);
    if (firstDecoded(request, pass) === firstWanted) break;
  }
  return judged(request, pass!); // There is always a last resort: no seek at all.
}

function firstDecoded(request: DecodeFrames, { views }: Pass): number {
  const firsts = views.map(({ positions: [position] }, view) => {
    return position === undefined ? Number.POSITIVE_INFINITY : request.views[view]!.pts[position]!;
  });
  return Math.min(...firsts);
}

interface Pass {
  readonly views: DecodedFrames[];
  readonly end: ProgramEnd;
}

/**
 * Where to start, as options: the best first, the last always right.
 *
 * A container without an index (MPEG-TS) may be entered behind the keyframe; then two seconds earlier, and then
 * from the start of the file, which is slow but sure.
 */
async function seeks({ path, startPts, timeBase }: DecodeFrames, signal: AbortSignal): Promise<string[][]> {
  const startSec = (startPts * timeBase[0]) / timeBase[1];
  const times = [startSec + (await reorderingLeadSec(path, signal)), startSec - 2];
  return [...times.map((time) => ['-seek_timestamp', '1', '-ss', time.toFixed(6)]), []];
}

async function decodeFrom(
  seek: readonly string[],
  request: DecodeFrames,
  options: DecodeOptions,
): Promise<Pass> {
  const threads = String(options.threads);
  const graph = filterGraph(request);
  const inputOptions = [
    ...readerOptions,
    ...['-threads', threads, '-filter_complex_threads', threads],
    ...(await graphOptions(graph)),
    ...(request.onlyKeyframes ? ['-skip_frame', 'nokey'] : []),
    // Decoding starts at whatever keyframe the seek finds, and nothing is trimmed: `select` names the frames.
    ...['-copyts', '-noaccurate_seek', ...seek],
  ];
  const outputs = request.views.map((view, index) => ({
    target: `pipe:${picturePipe(index)}`,
    options: [
      ...['-map', `[view${index}]`, '-fps_mode', 'passthrough'],
      ...['-frames:v', String(Math.max(1, view.pts.length)), '-f', 'rawvideo'],
    ],
  }));
  const pipes = ['in', ...request.views.flatMap(() => ['out', 'out'] as const)] as const;
  const { said: views, end } = await runFfmpeg(
    { inputOptions, input: mediaUrl(request.path), outputs },
    { signal: options.signal, pipes },
    (program) => readViews(program, request, graph),
  );
  // It was not for want of frames: to seek elsewhere would hide it.
  if (end.killedBy) throw programKilled(request.path, 'ffmpeg', end.killedBy);
  return { views, end };
}

function readViews(program: Supervised, request: DecodeFrames, graph: string): Promise<DecodedFrames[]> {
  program.stdout.resume();
  program.input(firstPipe).end(isArgument(graph) ? '' : graph);
  return Promise.all(
    request.views.map((view, index) =>
      readView(view, program.output(picturePipe(index)), program.output(picturePipe(index) + 1)),
    ),
  );
}

function picturePipe(view: number): number {
  return firstPipe + 1 + 2 * view;
}

/** Linux takes arguments of up to 128 KiB. */
const longestArgument = 100_000;

function isArgument(graph: string): boolean {
  return graph.length <= longestArgument;
}

/** ffmpeg 7 reads any option from a file, and ffmpeg 8 has no other way left. */
async function graphOptions(graph: string): Promise<string[]> {
  if (isArgument(graph)) return ['-filter_complex', graph]; // Nobody has to ask for the version first: 0.1 s.
  const major = Number.parseInt(await ffmpegVersion(), 10); // NaN for builds between releases.
  return [major < 7 ? '-filter_complex_script' : '-/filter_complex', `pipe:${firstPipe}`];
}

function filterGraph({ views, endPts }: DecodeFrames): string {
  const branches = views.map((_, index) => `[branch${index}]`).join('');
  const chains = views.map((view, index) => `[branch${index}]${viewChain(view, index)}[view${index}]`);
  return [`[0:V:0]trim=end_pts=${endPts},split=${views.length}${branches}`, ...chains].join(';');
}

function viewChain(view: FrameView, index: number): string {
  return [
    `select='${selectFrames(view.pts)}'`,
    `scale=${view.width}:${view.height}:flags=bicubic+accurate_rnd+full_chroma_int+bitexact`,
    'format=rgb24',
    // `print` passes over frames without metadata.
    'metadata=add:key=is_wanted:value=1',
    `metadata=print:file='pipe\\:${picturePipe(index) + 1}'`,
  ].join();
}

/** Reads the pictures straight into shared memory, and beside them the PTS that says which they are. */
async function readView(view: FrameView, pictures: Readable, times: Readable): Promise<DecodedFrames> {
  const frameBytes = view.width * view.height * 3;
  const rgb = spaciousBytes(frameBytes * view.pts.length);
  const [filled, decodedPts] = await Promise.all([fill(rgb, pictures), readPts(times)]);
  // The graph may have run a frame ahead of what was written.
  const count = Math.floor(filled / frameBytes);
  const positions = positionsOf(decodedPts.slice(0, count), view.pts);
  return { rgb: rgb.subarray(0, count * frameBytes), positions };
}

async function fill(target: Uint8Array, source: Readable): Promise<number> {
  let filled = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    target.set(chunk.subarray(0, target.length - filled), filled);
    filled = Math.min(target.length, filled + chunk.length);
  }
  return filled;
}

async function readPts(source: Readable): Promise<number[]> {
  const pts: number[] = [];
  for await (const line of createInterface({ input: source })) {
    const found = /^frame:\S+\s+pts:(-?\d+)/.exec(line)?.[1];
    if (found !== undefined) pts.push(Number(found));
  }
  return pts;
}

/** Both lists rise, and all of the first is in the second, since `select` let nothing else pass. */
function positionsOf(decoded: readonly number[], wanted: readonly number[]): number[] {
  const positionOf = new Map(wanted.map((pts, position) => [pts, position]));
  return decoded.map((pts) => positionOf.get(pts) as number);
}

function judged(request: DecodeFrames, pass: Pass): { views: DecodedFrames[]; warnings: string[] } {
  const { views, end } = pass;
  const wanted = wantedCount(request);
  const decoded = decodedCount(request, pass);
  if (decoded === 0) throw decodeFailed(request.path, `none of ${wanted} frames can be decoded`, end.stderr);
  if (decoded === wanted) return { views, warnings: [] };
  const said = lastLines(end.stderr);
  const warning = `${wanted - decoded} of ${wanted} frames are damaged and left out${said && `; ffmpeg says: ${said}`}`;
  return { views, warnings: [warning] };
}

/** Of all views together: a frame that several of them show is one frame. */
function wantedCount({ views }: DecodeFrames): number {
  return new Set(views.flatMap(({ pts }) => pts)).size;
}

function decodedCount(request: DecodeFrames, { views }: Pass): number {
  const pts = views.flatMap(({ positions }, view) => positions.map((at) => request.views[view]!.pts[at]!));
  return new Set(pts).size;
}

function noFrames(): DecodedFrames {
  return { rgb: sharedBytes(0), positions: [] };
}
