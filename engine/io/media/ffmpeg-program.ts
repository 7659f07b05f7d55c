/**
 * Runs ffmpeg and ffprobe.
 *
 * fluent-ffmpeg builds the command line of ffmpeg. The process is ours: fluent-ffmpeg knows one output pipe where
 * we need several, and a process that it starts would outlive a killed engine. (`_getArguments` is in its types.)
 */
import type { Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { FlowError } from '../../core/errors.ts';
import {
  type ProgramEnd,
  runSupervised,
  type Supervised,
  type SupervisedOptions,
  spawnSupervised,
} from '../program.ts';
import { lastLines } from './media-errors.ts';

export interface FfmpegCommand {
  /** `info` where what ffmpeg says in the end is the result; else only errors are kept. */
  readonly verbosity?: 'error' | 'info';
  /** Options before the input; `threads` and the like. */
  readonly inputOptions: readonly string[];
  /** A file, named as `mediaUrl` gives it, or a pipe. */
  readonly input: string;
  readonly outputs: readonly { readonly target: string; readonly options: readonly string[] }[];
}

/**
 * Runs ffmpeg to its end.
 *
 * @param options.pipes `pipe:4`, `pipe:5`, … in the command (see `firstPipe`)
 * @param talk feeds its input pipes and reads all the others
 * @throws {FlowError} `config_invalid` where ffmpeg is not installed
 */
export async function runFfmpeg<T>(
  command: FfmpegCommand,
  options: Pick<SupervisedOptions, 'pipes' | 'signal'>,
  talk: (program: Supervised) => Promise<T>,
): Promise<{ readonly said: T; readonly end: ProgramEnd }> {
  const quiet = ['-hide_banner', '-nostdin', '-nostats', '-v', command.verbosity ?? 'error'];
  const argv = [ffmpegBinary(), ...quiet, ...commandLine(command)];
  return talkTo(spawnSupervised(argv, { ...options, env: quietEnvironment() }), argv[0]!, talk);
}

async function talkTo<T>(
  program: Supervised,
  binary: string,
  talk: (program: Supervised) => Promise<T>,
): Promise<{ readonly said: T; readonly end: ProgramEnd }> {
  try {
    const said = await talk(program);
    const end = await program.ended;
    refuseMissing(end.status, binary);
    return { said, end };
  } finally {
    program.kill(); // It is gone already, unless `talk` failed: nobody reads its pipes then.
  }
}

/** The command line that fluent-ffmpeg makes of a command. */
function commandLine({ inputOptions, input, outputs }: FfmpegCommand): string[] {
  const builder = ffmpeg()
    .input(input)
    .inputOptions([...inputOptions]);
  for (const { target, options } of outputs) builder.output(target).outputOptions([...options]);
  return builder._getArguments();
}

/** Runs ffprobe to its end. */
export async function runFfprobe<T>(
  args: readonly string[],
  signal: AbortSignal,
  read: (output: Readable) => Promise<T>,
): Promise<{ readonly said: T; readonly end: ProgramEnd }> {
  const argv = [ffprobeBinary(), '-hide_banner', '-v', 'error', ...args];
  const program = spawnSupervised(argv, { signal, env: quietEnvironment() });
  return talkTo(program, argv[0]!, ({ stdout }) => read(stdout));
}

/**
 * Options that every reader of a media file gets.
 *
 * Playlists and the like are refused, since they name other files: their content is not in the digest of the
 * file that was given, and a stranger's video must not make us read what it points at.
 */
export const readerOptions: readonly string[] = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  [
    'mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,rm,mxf,nut,gxf,dv,wtv,ivf,h264,hevc,obu,av1,m4v,vc1',
    'yuv4mpegpipe,gif,apng,wav,w64,aiff,au,caf,mp3,aac,flac,ac3,eac3,dts,amr,amrnb,amrwb,ape,wv,tta,tak',
  ].join(),
  '-fflags',
  '+genpts', // Containers that keep only decoding times (AVI) get presentation times made up for them.
];

/** A path as ffmpeg's input: never taken for an option, a protocol or a pattern. */
export function mediaUrl(path: string): string {
  return `file:${path}`;
}

const versions = new Map<string, Promise<string>>();

/**
 * The version of ffmpeg, as `5.1.9-0+deb12u1`; it belongs to the key of every action that decodes.
 *
 * @throws {FlowError} `config_invalid` where ffmpeg is not installed
 */
export function ffmpegVersion(): Promise<string> {
  const binary = ffmpegBinary();
  const known = versions.get(binary);
  if (known) return known;
  const asked = askVersion(binary, AbortSignal.timeout(30_000));
  versions.set(binary, asked);
  asked.catch(() => versions.delete(binary)); // It may be installed while the engine runs.
  return asked;
}

/** The version of an ffmpeg or ffprobe. @throws as `ffmpegVersion`; the signal's reason */
export async function askVersion(binary: string, signal: AbortSignal): Promise<string> {
  const { status, stdout, stderr } = await runSupervised([binary, '-version'], { signal });
  refuseMissing(status, binary);
  const version = /^ff(?:mpeg|probe) version (\S+)/.exec(stdout)?.[1];
  if (status !== 0 || version === undefined) throw brokenProgram(binary, stderr);
  return version;
}

/** @throws {FlowError} `config_invalid` if the exit status says that there is no such program */
function refuseMissing(status: number, binary: string): void {
  if (status !== 127 && status !== 126) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot run "${binary}": there is no such program, or it may not be run.`,
    fix: 'Install ffmpeg (apt-get install ffmpeg), or name it in FLOW_FFMPEG and FLOW_FFPROBE.',
  });
}

function brokenProgram(binary: string, stderr: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot use "${binary}": it does not say its version as ffmpeg does.`,
    fix: 'Install ffmpeg 5.1 or later, or name it in FLOW_FFMPEG and FLOW_FFPROBE.',
    cause: new Error(lastLines(stderr)),
  });
}

/** Its name, or its path where FLOW_FFMPEG says so. */
export function ffmpegBinary(): string {
  return process.env.FLOW_FFMPEG || 'ffmpeg';
}

/** Its name, or its path where FLOW_FFPROBE says so. */
export function ffprobeBinary(): string {
  return process.env.FLOW_FFPROBE || 'ffprobe';
}

/** The engine's environment without what would change ffmpeg's output or make it write files. */
function quietEnvironment(): Record<string, string | undefined> {
  const { FFREPORT: _, AV_LOG_FORCE_COLOR: __, ...rest } = process.env;
  return { ...rest, AV_LOG_FORCE_NOCOLOR: '1' };
}
