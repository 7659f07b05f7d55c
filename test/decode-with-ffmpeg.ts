/** Decodes a real clip with the ffmpeg program itself, beside flow's own decoder. */
import { execFileSync } from 'node:child_process';

export interface Clip {
  /** uint8 N×height×width×3. */
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Samples a second. */
  readonly fps: number;
}

/** Samples the first video stream: at time t the last frame with a PTS up to t. */
export function decodeWithFfmpeg(
  file: string,
  { fps, width, height }: { readonly fps: number; readonly width: number; readonly height: number },
): Clip {
  const filters = `fps=${fps}:round=up,scale=${width}:${height}:flags=area`;
  const argv = [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:v:0',
    '-vf',
    filters,
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ];
  const rgb = execFileSync('ffmpeg', argv, { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] });
  return { rgb, width, height, fps };
}
