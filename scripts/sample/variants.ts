/** Draws the sample film's pictures and joins them with its sound: `sample.mp4` and its variants. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg, sameBytes } from './ffmpeg.ts';
import { pictureGraph } from './picture-graph.ts';
import { rotateQuarterTurn } from './rotate-mp4.ts';
import { fps, type Size } from './shots.ts';
import { keyframeIntervalS, type Variant } from './truth.ts';

export const landscape: Size = { width: 640, height: 360 };
const portrait: Size = { width: 288, height: 512 };

const variants: readonly Omit<Variant, 'bytes'>[] = [
  { file: 'sample.mp4', ...landscape, rotation_deg: 0, has_audio: true },
  { file: 'sample-portrait.mp4', ...portrait, rotation_deg: 0, has_audio: true },
  { file: 'sample-rotated.mp4', ...portrait, rotation_deg: 90, has_audio: true },
  { file: 'sample-silent.mp4', ...landscape, rotation_deg: 0, has_audio: false },
];

/** Draws `landscape.mp4`, `portrait.mp4` and `lying.mp4` in the folder: pictures alone, `lying` for rotation. */
export async function drawPictures(folder: string, fontFile: string): Promise<void> {
  await Promise.all([
    encode(pictureGraph(landscape, fontFile), { film: join(folder, 'landscape.mp4') }),
    encode(`${pictureGraph(portrait, fontFile)};\n${lyingToo}`, {
      upright: join(folder, 'portrait.mp4'),
      lying: join(folder, 'lying.mp4'),
    }),
  ]);
}

/**
 * Joins the pictures of `drawPictures` with `sound.m4a`, all in the folder; nothing is encoded again.
 *
 * @returns the variants, of which `sample.mp4` is the first
 */
export async function joinVariants(folder: string): Promise<Variant[]> {
  const [film, upright, lying, silent] = variants.map(({ file }) => join(folder, file)) as [
    string,
    string,
    string,
    string,
  ]; // four stand above
  const sound = ['-i', join(folder, 'sound.m4a')];
  await copyStreams(['-i', join(folder, 'landscape.mp4'), ...sound], film);
  await copyStreams(['-i', join(folder, 'portrait.mp4'), ...sound], upright);
  await copyStreams(['-i', join(folder, 'lying.mp4'), ...sound], lying);
  await copyStreams(['-i', film, '-an'], silent);
  await rotateFile(lying);
  return Promise.all(
    variants.map(async (variant) => ({ ...variant, bytes: await sizeOf(join(folder, variant.file)) })),
  );
}

/** Turned against the clock, so that a turn with the clock shows it upright. */
const lyingToo = '[film]split[upright][toTurn];[toTurn]transpose=cclock[lying]';

// One thread: with two, x264 gave other bytes in one run of five.
// Key frames stand at even seconds and nowhere else: cuts must be found by looking, not by reading the stream.
const encoder = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-bf', '2', '-threads', '1'],
  ...['-g', String(keyframeIntervalS * fps), '-sc_threshold', '0', ...sameBytes],
];

async function encode(graph: string, outputs: Readonly<Record<string, string>>): Promise<void> {
  const mapped = Object.entries(outputs).flatMap(([label, path]) => ['-map', `[${label}]`, ...encoder, path]);
  await ffmpeg(['-v', 'error', '-filter_complex', graph, ...mapped]);
}

async function copyStreams(inputs: readonly string[], to: string): Promise<void> {
  await ffmpeg(['-v', 'error', ...inputs, '-c', 'copy', ...sameBytes, '-movflags', '+faststart', to]);
}

async function rotateFile(path: string): Promise<void> {
  const mp4 = await readFile(path);
  rotateQuarterTurn(mp4);
  await writeFile(path, mp4);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
