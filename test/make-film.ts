/** Small films for tests, made with ffmpeg's own sources. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export interface FilmOptions {
  readonly seconds: number;
  readonly fps?: number;
  /** Turns the colours: films with other values share no packet. */
  readonly hue?: number;
  readonly hasSound?: boolean;
  /** Seconds between key frames. */
  readonly gopSec?: number;
}

/** A small H.264 film of moving pictures, with B-frames. */
export function makeFilm(
  path: string,
  { seconds, fps = 10, hue = 0, hasSound = false, gopSec = 2 }: FilmOptions,
): string {
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=192x108:r=${fps}:d=${seconds},hue=h=${hue}`];
  const sound = hasSound
    ? ['-f', 'lavfi', '-i', `sine=f=${400 + hue}:b=2:r=16000:d=${seconds}`, '-c:a', 'aac']
    : [];
  const codec = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-threads',
    '1',
    '-g',
    String(fps * gopSec),
    '-bf',
    '2',
  ];
  ffmpeg(...picture, ...sound, ...codec, path);
  return path;
}

/** Joins films of the same kind without encoding them again. */
export function joinFilms(path: string, parts: readonly string[]): string {
  const list = join(dirname(path), 'parts.txt');
  writeFileSync(list, parts.map((part) => `file '${part}'\n`).join(''));
  ffmpeg('-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', path);
  return path;
}

/** The same packets in another container, told by the new name's ending. */
export function remux(from: string, to: string): string {
  ffmpeg('-i', from, '-c', 'copy', to);
  return to;
}
