/** Small films made by ffmpeg for one test, in a folder that goes with the test. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface MediaFolder extends AsyncDisposable {
  path(name: string): string;
  /** Runs ffmpeg in the folder; returns the path of the last argument. */
  make(...args: string[]): Promise<string>;
}

export async function mediaFolder(): Promise<MediaFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'flow-media-'));
  return {
    path: (name) => join(folder.path, name),
    make: async (...args) => {
      await execute('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-threads', '2', ...args], {
        cwd: folder.path,
      });
      return join(folder.path, args.at(-1)!);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Input arguments of a moving test picture. */
export function picture(options: { size?: string; rate?: string; seconds?: number } = {}): string[] {
  const { size = '160x90', rate = '25', seconds = 4 } = options;
  return ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
}

/** x264 with a keyframe every `gop` frames and no others. */
export function x264(gop: number, ...extra: string[]): string[] {
  const params = [`keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=3`, ...extra].join(':');
  return ['-c:v', 'libx264', '-preset', 'fast', '-x264-params', params];
}

/** Every frame of a film by a plain decode, independent of the code under test: RGB at the given size. */
export async function plainDecode(
  path: string,
  { width, height }: { width: number; height: number },
): Promise<Buffer> {
  const scale = `scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,format=rgb24`;
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    path,
    '-map',
    '0:V:0',
    '-fps_mode',
    'passthrough',
    '-vf',
    scale,
  ];
  const { stdout } = await execute('ffmpeg', [...args, '-f', 'rawvideo', '-'], {
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  });
  return stdout;
}
