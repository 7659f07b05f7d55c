/** Runs ffmpeg and what stands beside it for the sample film. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FlowError } from '../../engine/core/errors.ts';

const run = promisify(execFile);

/** Together these make one ffmpeg give the same bytes each time: no dates, no names of encoders, no races. */
export const sameBytes = '-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact'.split(
  ' ',
);

/**
 * Runs ffmpeg to its end.
 *
 * @returns what it wrote to standard output, as bytes, and to standard error, as text
 * @throws {FlowError} dependency_missing without an ffmpeg; rule_failed when it fails, with its last words
 */
export async function ffmpeg(args: readonly string[]): Promise<{ stdout: Buffer; stderr: string }> {
  return start('ffmpeg', ['-hide_banner', '-nostdin', '-y', ...args]);
}

/** Samples of the first audio stream that `args` name, mixed to mono at 48 kHz. */
export async function decodeAudio(args: readonly string[]): Promise<Float32Array> {
  const asPcm = ['-vn', '-ar', '48000', '-ac', '1', '-c:a', 'pcm_f32le', '-f', 'f32le', '-'];
  const { stdout } = await ffmpeg(['-v', 'error', ...args, ...asPcm]);
  return new Float32Array(new Uint8Array(stdout).buffer);
}

/** What ffmpeg says of itself and of the libraries it was built with. */
export async function ffmpegVersion(): Promise<string> {
  return (await ffmpeg(['-version'])).stdout.toString();
}

/**
 * Path of the font that writes the film's texts: bold DejaVu Sans, or what fontconfig takes for it.
 *
 * @throws {FlowError} dependency_missing where no font or no fontconfig is installed
 */
export async function findFont(): Promise<string> {
  const found = await run('fc-match', ['--format=%{file}', 'DejaVu Sans:bold']).catch((cause) => {
    throw fontMissing(cause);
  });
  if (found.stdout === '') throw fontMissing(undefined);
  return found.stdout;
}

async function start(program: string, args: readonly string[]): Promise<{ stdout: Buffer; stderr: string }> {
  try {
    const { stdout, stderr } = await run(program, args, { encoding: 'buffer', maxBuffer: 2 ** 30 });
    return { stdout, stderr: stderr.toString() };
  } catch (cause) {
    throw programFailed(program, cause as Error & { code?: unknown; stderr?: Buffer }); // as execFile rejects
  }
}

function programFailed(program: string, cause: Error & { code?: unknown; stderr?: Buffer }): FlowError {
  if (cause.code === 'ENOENT') {
    return new FlowError({
      code: 'dependency_missing',
      blame: 'machine',
      message: `Cannot make the sample film: "${program}" is not installed.`,
      fix: `Install ${program} 5.1 or later, with libx264, libfreetype and libflite.`,
      cause,
    });
  }
  const lastWords = cause.stderr?.toString().trim().split('\n').slice(-5).join('\n');
  return new FlowError({
    code: 'rule_failed',
    blame: 'machine',
    message: `Cannot make the sample film: ${program} failed. ${lastWords}`,
    fix: `Use ffmpeg 5.1 or later with libx264, libfreetype and libflite: see "ffmpeg -version".`,
    cause: new Error(`exit status ${cause.code}`),
  });
}

function fontMissing(cause: Error | undefined): FlowError {
  return new FlowError({
    code: 'dependency_missing',
    blame: 'machine',
    message: 'Cannot make the sample film: fontconfig finds no font for its texts.',
    fix: 'Install the packages fontconfig and fonts-dejavu-core.',
    cause,
  });
}
