/** The flags of `flow build`. */
import { FlowError } from '../core/errors.ts';
import { isId } from '../core/identity.ts';
import type { Targets } from './targets.ts';

export interface BuildFlags {
  readonly stage?: string;
  readonly profile?: string;
  readonly results?: string;
  readonly state?: string;
  readonly cacheDir?: string;
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly dryRun?: boolean;
  readonly explain?: boolean;
  /** `s3://bucket/prefix`. */
  readonly remote?: string;
  readonly remoteReadOnly?: boolean;
  /** What is sent goes to the part of the key space that trusted readers do not read. */
  readonly remoteScratch?: boolean;
  readonly remoteRequired?: boolean;
  readonly offline?: boolean;
  /** False: what has not been sent when the build ends is left to the next one. */
  readonly wait?: boolean;
  readonly json?: boolean;
  readonly events?: string;
  readonly trace?: string;
  readonly plain?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly platformId: string;
  readonly videoId?: string;
  readonly runId?: string;
  readonly dataprocessorVersion: string;
}

/** @throws {AggregateError} of all that is wrong with the flags by themselves and with the targets */
export function checkFlags(flags: BuildFlags, { videos }: Targets): void {
  const ids = { '--platform-id': flags.platformId, '--video-id': flags.videoId, '--run-id': flags.runId };
  const wrong: FlowError[] = [];
  for (const [flag, id] of Object.entries(ids)) {
    if (id === undefined || isId(id)) continue;
    const message = `Cannot use "${id}" as an id: it becomes the name of a folder.`;
    wrong.push(wrongFlag(flag, message, 'Use 1 to 128 letters, digits, ".", "_" and "-".'));
  }
  const several = 'Build one video at a time, or leave the flag out.';
  if (flags.videoId !== undefined && new Set(videos.map(({ path }) => path)).size > 1)
    wrong.push(wrongFlag('--video-id', 'Cannot give several videos the same id.', several));
  if (flags.runId !== undefined && videos.length > 1)
    wrong.push(wrongFlag('--run-id', 'Cannot give several runs the same id.', several));
  if (flags.json && flags.events === '-') {
    const message = 'Cannot print both the summary of --json and the events to standard output.';
    wrong.push(wrongFlag('--events', message, 'Write the events to a file: --events FILE.'));
  }
  if (flags.offline && (flags.remoteRequired || flags.remote !== undefined)) {
    const message = 'Cannot use a remote cache and be offline.';
    wrong.push(wrongFlag('--offline', message, 'Leave out --offline, or --remote and --remote-required.'));
  }
  if (flags.trace !== undefined && ['-', flags.events].includes(flags.trace)) {
    const message = 'Cannot write the trace there: it takes a file of its own.';
    wrong.push(wrongFlag('--trace', message, 'Name a file: --trace trace.json.'));
  }
  if (wrong.length > 0) throw new AggregateError(wrong);
}

function wrongFlag(flag: string, message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where: flag, message, fix });
}
