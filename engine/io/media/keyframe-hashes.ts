/**
 * Names keyframes of H.264 and HEVC by what they say rather than by how their container writes them.
 *
 * Whoever joins or remuxes a film may put a copy of its parameter sets into each keyframe, as ffmpeg's concat demuxer
 * does. The same filter, run over both, makes them equal: it writes NAL units in the form of Annex B, and adds the header's
 * parameter sets where a keyframe has none. Access unit delimiters and filler say nothing and are left out.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { mediaUrl, readerOptions, runFfmpeg } from './ffmpeg-program.ts';

/** The hash of packets, as ffmpeg names it: as strong as SHA-256, and in ffmpeg's code half as fast again. */
export const payloadHash = 'SHA512/256';

const filters: Readonly<Record<string, string>> = {
  h264: 'h264_mp4toannexb,filter_units=remove_types=9|12',
  hevc: 'hevc_mp4toannexb,filter_units=remove_types=35|38',
};

/**
 * Hashes the keyframes of a video stream.
 *
 * @returns `payloadHash` (hex) by PTS in ticks of the stream; nothing for other codecs, and for keyframes that the filter refuses
 */
export async function keyframeHashes(
  path: string,
  { index, codec }: { readonly index: number; readonly codec: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const filter = filters[codec];
  if (filter === undefined) return new Map();
  const copy = ['-map', `0:${index}`, '-c', 'copy', '-copyinkf', '-bsf:v', `noise=drop='not(key)',${filter}`];
  const { said } = await runFfmpeg(
    {
      inputOptions: [...readerOptions, '-copyts'],
      input: mediaUrl(path),
      outputs: [{ target: 'pipe:1', options: [...copy, '-f', 'framehash', '-hash', payloadHash] }],
    },
    { signal },
    ({ stdout }) => readHashes(stdout),
  );
  return said; // However it ended: a keyframe that is not in the list keeps the hash of its payload.
}

/** Lines of ffmpeg's framehash: stream, dts, pts, duration, size, hash. */
async function readHashes(output: Readable): Promise<Map<number, string>> {
  const hashes = new Map<number, string>();
  for await (const line of createInterface({ input: output })) {
    const [, , pts, , , hash] = line.split(',');
    if (pts !== undefined && hash !== undefined && !line.startsWith('#'))
      hashes.set(Number(pts), hash.trim());
  }
  return hashes;
}
