/** What of ffmpeg the modules of this folder use, and whether the installed one has it. */
import { FlowError } from '../../core/errors.ts';
import { runSupervised } from '../program.ts';
import { askVersion, ffmpegBinary, ffprobeBinary } from './ffmpeg-program.ts';

/** Builds leave parts of ffmpeg out. Without these no video can be read at all. */
const neededFilters = [
  ...['trim', 'split', 'select', 'scale', 'format', 'metadata'],
  ...['aresample', 'ametadata', 'ebur128'],
];
const neededMuxers = ['rawvideo', 'f32le', 'framehash', 'null'];

/** What most videos are made of, each with the names of all that can do it. */
const usualDecoders: Readonly<Record<string, readonly string[]>> = {
  ...{ h264: ['h264'], hevc: ['hevc'], mpeg4: ['mpeg4'], vp8: ['vp8', 'libvpx'], vp9: ['vp9', 'libvpx-vp9'] },
  ...{ av1: ['av1', 'libdav1d', 'libaom-av1'], aac: ['aac', 'libfdk_aac'], mp3: ['mp3', 'mp3float'] },
  ...{ opus: ['opus', 'libopus'], vorbis: ['vorbis', 'libvorbis'], flac: ['flac'], pcm: ['pcm_s16le'] },
};
const usualDemuxers: Readonly<Record<string, readonly string[]>> = {
  ...{ mp4: ['mp4'], matroska: ['matroska'], avi: ['avi'], mpegts: ['mpegts'], flv: ['flv'], ogg: ['ogg'] },
  ...{ wav: ['wav'], mp3: ['mp3'], flac: ['flac'] },
};

export interface MediaAbilities {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** What every build needs and this ffmpeg lacks, as 'filter ebur128'. */
  readonly lacksNeeded: readonly string[];
  /** What only some videos need, as 'decoder av1'. */
  readonly lacksUsual: readonly string[];
}

/**
 * Asks the installed ffmpeg what it can do.
 *
 * @throws {FlowError} `config_invalid` where ffmpeg or ffprobe is not installed; the signal's reason
 */
export async function mediaAbilities(signal: AbortSignal): Promise<MediaAbilities> {
  const [ffmpeg, ffprobe] = await Promise.all([
    askVersion(ffmpegBinary(), signal),
    askVersion(ffprobeBinary(), signal),
  ]);
  const [filters, muxers, decoders, demuxers] = await Promise.all(
    ['-filters', '-muxers', '-decoders', '-demuxers'].map((list) => namesIn(list, signal)),
  );
  return {
    ffmpeg,
    ffprobe,
    lacksNeeded: [
      ...neededFilters.filter((name) => !filters!.has(name)).map((name) => `filter ${name}`),
      ...neededMuxers.filter((name) => !muxers!.has(name)).map((name) => `muxer ${name}`),
    ],
    lacksUsual: [
      ...without(usualDecoders, decoders!).map((name) => `decoder ${name}`),
      ...without(usualDemuxers, demuxers!).map((name) => `demuxer ${name}`),
    ],
  };
}

/** The names in one of ffmpeg's lists: lines of flags, name (several for one thing are joined by commas) and title. */
async function namesIn(list: string, signal: AbortSignal): Promise<Set<string>> {
  const { status, stdout } = await runSupervised([ffmpegBinary(), '-hide_banner', list], { signal });
  if (status === 0)
    return new Set([...stdout.matchAll(/^ *[A-Z.|]+ +(\S+)/gm)].flatMap(([, names]) => names!.split(',')));
  throw new FlowError({
    code: 'config_invalid',
    blame: 'machine',
    message: `Cannot ask "${ffmpegBinary()}" for its list of ${list.slice(1)}: it ended with status ${status}.`,
    fix: 'Install ffmpeg again.',
  });
}

function without(wanted: Readonly<Record<string, readonly string[]>>, names: ReadonlySet<string>): string[] {
  return Object.keys(wanted).filter((one) => !wanted[one]!.some((name) => names.has(name)));
}
