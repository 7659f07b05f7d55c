/** Reads every packet of a file without decoding, parsed as it comes, while another program reads the headers. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { digestJson } from '../../core/digest.ts';
import type { MediaInfo, Packet, PacketScan, StreamScan, VideoStream } from '../../core/media.ts';
import type { ProgramEnd } from '../program.ts';
import { mediaUrl, readerOptions, runFfprobe } from './ffmpeg-program.ts';
import { keyframeHashes, payloadHash } from './keyframe-hashes.ts';
import { decodeFailed, programKilled } from './media-errors.ts';
import { probeMedia } from './probe-media.ts';

/**
 * Scans the streams that `probeMedia` finds.
 *
 * A packet without presentation time takes its decoding time. Video packets before the first keyframe cannot
 * be decoded and are left out; those that would be shown before it are `isHidden`.
 *
 * @throws {FlowError} `decode_failed`; as `probeMedia`
 */
export async function scanPackets(path: string, signal: AbortSignal): Promise<PacketScan> {
  const { info, read, hashes } = await readFile(path, signal);
  const { said: collected, end } = read;
  const { video, audio } = info;
  if (end.killedBy) throw programKilled(path, 'ffprobe', end.killedBy);
  const scan = {
    info,
    ...(video && hashes ? { video: renamed(videoScan(collected, video), hashes) } : {}),
    ...(audio ? { audio: streamScan(collected, audio.index, undefined) } : {}),
  };
  // A damaged end shows as a status other than 0 after many good packets: what can be read is kept.
  if (end.status !== 0 && collected.packets.size === 0) {
    throw decodeFailed(path, 'no packet can be read', end.stderr);
  }
  return scan;
}

interface FileRead {
  readonly info: MediaInfo;
  readonly read: { readonly said: Collected; readonly end: ProgramEnd };
  readonly hashes: ReadonlyMap<number, string> | undefined;
}

/** Headers and packets at once; what the headers say is no film is not read on. */
async function readFile(path: string, signal: AbortSignal): Promise<FileRead> {
  const refused = new AbortController();
  const probed = probeMedia(path, signal);
  probed.catch((error) => refused.abort(error));
  const [info, read, hashes] = await Promise.all([
    probed,
    runFfprobe([...scanOptions, mediaUrl(path)], AbortSignal.any([signal, refused.signal]), collectStreams),
    probed.then(({ video }) => video && keyframeHashes(path, video, signal)),
  ]);
  return { info, read, hashes };
}

/**
 * The time of the first picture that is shown, in ticks, from the first packets of a video stream.
 *
 * @returns undefined if none of them can be shown
 */
export async function firstFramePts(
  path: string,
  index: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const interval = ['-select_streams', String(index), '-read_intervals', `%+#${reorderingReach}`];
  const args = [...scanOptions, ...interval, mediaUrl(path)];
  const { said: collected } = await runFfprobe(args, signal, collectStreams);
  const { packets } = presentable({
    codecDigest: '',
    timeBase: [1, 1],
    packets: collected.packets.get(index) ?? [],
  });
  const shown = packets.filter((packet) => !packet.isHidden).map((packet) => packet.pts);
  return shown.length === 0 ? undefined : Math.min(...shown);
}

// Enough for the longest stretch that an edit list hides in practice (a GOP) and the deepest reordering (16).
const reorderingReach = 600;

const headerFields = [
  'codec_name,profile,level,width,height,sample_aspect_ratio,pix_fmt,color_range,color_space,field_order',
  'extradata_hash,sample_rate,channels,channel_layout',
].join();

const scanOptions = [
  ...readerOptions,
  '-show_data_hash',
  payloadHash,
  '-show_entries',
  [
    'packet=stream_index,pts,dts,duration,flags,data_hash',
    'packet_side_data=skip_samples,discard_padding',
    `stream=index,time_base,${headerFields}`,
    'stream_side_data=displaymatrix',
    'stream_disposition=',
    'stream_tags=',
  ].join(':'),
  '-of',
  'compact',
];

interface Collected {
  readonly packets: Map<number, Packet[]>;
  readonly headers: Map<number, Map<string, string>>;
}

async function collectStreams(output: Readable): Promise<Collected> {
  const collected: Collected = { packets: new Map(), headers: new Map() };
  for await (const record of records(output)) {
    const fields = fieldsOf(record);
    if (record.startsWith('packet|')) addPacket(collected, fields);
    // ffprobe repeats a program's streams before the streams themselves; the two are the same.
    if (record.startsWith('stream|')) collected.headers.set(Number(fields.get('index')), fields);
  }
  return collected;
}

/** ffprobe breaks the line of a packet with side data; what does not begin a section goes on with the one before. */
async function* records(output: Readable): AsyncGenerator<string> {
  let record = '';
  for await (const line of createInterface({ input: output })) {
    if (/^[a-z_]+\|/.test(line)) {
      if (record !== '') yield record;
      record = line;
    } else {
      record += line;
    }
  }
  if (record !== '') yield record;
}

function fieldsOf(record: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of record.split('|')) {
    const equals = field.indexOf('=');
    if (equals > 0) fields.set(field.slice(0, equals), field.slice(equals + 1));
  }
  return fields;
}

function addPacket({ packets }: Collected, fields: Map<string, string>): void {
  const index = Number(fields.get('stream_index'));
  const stream = packets.get(index) ?? [];
  if (stream.length === 0) packets.set(index, stream);
  const time = ticks(fields.get('pts')) ?? ticks(fields.get('dts'));
  const flags = fields.get('flags') ?? '';
  stream.push({
    pts: time ?? stream.at(-1)?.pts ?? 0,
    duration: ticks(fields.get('duration')) ?? 0,
    isKeyframe: flags.includes('K'),
    hash: payloadName(fields),
    ...(flags.includes('D') || time === undefined ? { isHidden: true } : {}),
  });
}

function ticks(text: string | undefined): number | undefined {
  return text === undefined || text === 'N/A' ? undefined : Number(text);
}

function payloadName(fields: Map<string, string>): string {
  const digits = (fields.get('data_hash') ?? '').replace(/^.*:/, '');
  const hash = Buffer.from(digits, 'hex').toString('hex'); // A copy: a slice would keep the whole line in memory.
  const skipped = Number(fields.get('skip_samples') ?? 0);
  const cut = Number(fields.get('discard_padding') ?? 0);
  return skipped === 0 && cut === 0 ? hash : hash + hex32(skipped) + hex32(cut);
}

function hex32(count: number): string {
  return count.toString(16).padStart(8, '0');
}

function streamScan(
  { packets, headers }: Collected,
  index: number,
  timeBase: StreamScan['timeBase'] | undefined,
): StreamScan {
  const header = headers.get(index) ?? new Map<string, string>();
  const [numerator = 1, denominator = 1] = (header.get('time_base') ?? '1/1').split('/').map(Number);
  return {
    codecDigest: codecDigest(header),
    timeBase: timeBase ?? [numerator, denominator],
    packets: packets.get(index) ?? [],
  };
}

/** All that the decoder, the turning and the colour conversion take from the header; nothing of the container. */
function codecDigest(header: Map<string, string>): string {
  const names = [...headerFields.split(','), 'displaymatrix'];
  return digestJson(names.map((name) => [name, header.get(name) ?? '']));
}

function videoScan(collected: Collected, { index, codec, timeBase }: VideoStream): StreamScan {
  const scan = presentable(streamScan(collected, index, timeBase));
  return codec === 'vp8' || codec === 'vp9' ? { ...scan, packets: withoutReferences(scan) } : scan;
}

/** Keyframes by what they say, where that is known. */
function renamed(scan: StreamScan, hashes: ReadonlyMap<number, string>): StreamScan {
  const rename = (packet: Packet): Packet => ({ ...packet, hash: hashes.get(packet.pts) ?? packet.hash });
  return { ...scan, packets: scan.packets.map((packet) => (packet.isKeyframe ? rename(packet) : packet)) };
}

function presentable(scan: StreamScan): StreamScan {
  // A stream that marks no keyframe can only be decoded from its first packet.
  const first = Math.max(
    0,
    scan.packets.findIndex((packet) => packet.isKeyframe),
  );
  const packets = scan.packets.slice(first);
  const start = packets[0];
  if (start === undefined) return scan;
  const marked = packets.map((packet) => (packet.pts < start.pts ? hidden(packet) : packet));
  return { ...scan, packets: [{ ...start, isKeyframe: true }, ...marked.slice(1)] };
}

/**
 * Hides the reference pictures of VP8 and VP9 that some encoders put into packets of their own. Nothing outside
 * the payload marks them, but that they come a millisecond or less before the next packet.
 */
function withoutReferences({ packets, timeBase: [numerator, denominator] }: StreamScan): Packet[] {
  const millisecond = Math.floor(denominator / numerator / 1000);
  return packets.map((packet, index) => {
    const next = packets[index + 1];
    const isReference = next !== undefined && next.pts > packet.pts && next.pts - packet.pts <= millisecond;
    return isReference ? hidden(packet) : packet;
  });
}

function hidden(packet: Packet): Packet {
  return { ...packet, isHidden: true };
}
