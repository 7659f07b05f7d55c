import { execFileSync } from 'node:child_process';
import type { Clip } from '../../decode-with-ffmpeg.ts';

/** One picture of a real clip, by the ffmpeg program itself: a clip of one sample. */
export function frameOfClip(
  file: string,
  { atSec, width, height }: { readonly atSec: number; readonly width: number; readonly height: number },
): Clip {
  const seek = ['-v', 'error', '-ss', String(atSec), '-i', file, '-map', '0:v:0', '-frames:v', '1'];
  const output = ['-vf', `scale=${width}:${height}:flags=area`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  return {
    rgb: execFileSync('ffmpeg', [...seek, ...output], {
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
    width,
    height,
    fps: 1,
  };
}
