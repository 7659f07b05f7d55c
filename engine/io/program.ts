/**
 * Starts other programs so that none outlives the engine, however the engine ends.
 *
 * The child leads a process group of its own. Beside it, in that group, waits a shell that reads a pipe whose
 * other end the engine holds open: the lifeline. When the engine ends, be it by `kill -9`, the system closes
 * the pipe, and the shell kills the whole group. The engine drops the lifeline itself once the child has ended,
 * so nothing that the child left behind stays either. A descendant that makes a session of its own escapes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { FlowError } from '../core/errors.ts';

export interface SupervisedOptions {
  readonly cwd?: string;
  /** The whole environment of the child; the engine's own where it is absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Pipes beyond the standard ones, as descriptors `firstPipe`, …; seen from the child: it reads `in`, writes `out`. */
  readonly pipes?: readonly ('in' | 'out')[];
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

export interface Supervised {
  readonly pid: number;
  readonly stdout: Readable;
  /** The end of each extra pipe that the engine reads. */
  output(descriptor: number): Readable;
  /** The end of each extra pipe that the engine writes. */
  input(descriptor: number): Writable;
  /** Signals the child and all that it started. */
  kill(signal?: NodeJS.Signals): void;
  /**
   * Settles when the child has ended and all its pipes are read: the caller must read each of them.
   * Rejects with the signal's reason, with `rule_timeout`, or when the child could not be started.
   */
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  /** Exit status; 127 where there is no such program; 128 + number where a signal ended it. */
  readonly status: number;
  readonly killedBy: NodeJS.Signals | undefined;
  /** The last 64 KiB of standard error. */
  readonly stderr: string;
}

/**
 * Starts a program with nothing on its standard input.
 *
 * @param argv program (a path, or a name looked up in PATH) and its arguments
 * @throws {Error} if the signal has already fired
 */
export function spawnSupervised(argv: readonly string[], options: SupervisedOptions): Supervised {
  options.signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', supervisor, 'flow', ...argv], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(options.pipes ?? []).map(() => 'pipe' as const)],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const lifeline = child.stdio[lifelineDescriptor] as Writable;
  lifeline.on('error', ignoreClosedPipe);
  child.on('exit', () => lifeline.end());
  return {
    pid: child.pid ?? 0,
    stdout: child.stdio[1] as Readable, // A pipe by the options above, as for the next two.
    output: (descriptor) => child.stdio[descriptor] as Readable,
    input: (descriptor) => inputOf(child, descriptor),
    kill: (signal) => killGroup(child, signal ?? 'SIGKILL'),
    ended: endOf(child, argv, options),
  };
}

// `exec` makes the program the child itself, so that its exit status and signals arrive unchanged. The lifeline
// is not on standard input, which dash takes away from background jobs. The watcher gives up the standard
// outputs; it may hold the extra pipes, since it ends right after the program does. It survives a polite signal
// to the group, so that a program that takes its time to end stays supervised.
const supervisor = `( trap '' HUP INT TERM; read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
exec "$@" 3<&-`;

/** Descriptor of the first extra pipe, in the child. */
export const firstPipe = 4;

const lifelineDescriptor = 3;
const stderrTailBytes = 64 * 1024;

function inputOf(child: ChildProcess, descriptor: number): Writable {
  const stream = child.stdio[descriptor] as Writable;
  stream.on('error', ignoreClosedPipe);
  return stream;
}

/** A program may end before it has read all of its input; how it ended tells whether that is an error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error;
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  // Once the child is gone, its number may belong to others; the lifeline takes care of what it left behind.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function endOf(
  child: ChildProcess,
  argv: readonly string[],
  { signal, timeoutMs }: SupervisedOptions,
): Promise<ProgramEnd> {
  const stderr = tailOf(child.stdio[2] as Readable);
  const { promise, resolve, reject } = Promise.withResolvers<ProgramEnd>();
  promise.catch(() => {}); // The caller may still be reading a pipe when this rejects; it awaits it later.
  let failure: unknown;
  const stop = (reason: unknown): void => {
    failure ??= reason;
    killGroup(child, 'SIGKILL');
  };
  const onAbort = (): void => stop(signal.reason);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop(timedOut(argv, timeoutMs)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  child.on('error', stop);
  child.on('close', (code, killedBy) => {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    if (failure !== undefined) return reject(failure);
    const status = code ?? 128 + (killedBy ? constants.signals[killedBy] : 0);
    resolve({ status, killedBy: killedBy ?? undefined, stderr: stderr() });
  });
  return promise;
}

/** Keeps the end of what a stream says. */
function tailOf(stream: Readable): () => string {
  let tail: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-stderrTailBytes);
  });
  return () => tail.toString('utf8');
}

function timedOut(argv: readonly string[], timeoutMs: number): FlowError {
  return new FlowError({
    code: 'rule_timeout',
    blame: 'machine',
    message: `Cannot finish "${argv[0]}": it was still running after ${timeoutMs / 1000} s.`,
    fix: 'Give the component a longer timeout, or find out what it waits for.',
  });
}

/**
 * Runs a program to its end and collects what it writes on standard output.
 *
 * @throws as `Supervised.ended`
 */
export async function runSupervised(
  argv: readonly string[],
  options: Omit<SupervisedOptions, 'pipes'>,
): Promise<ProgramEnd & { readonly stdout: string }> {
  const program = spawnSupervised(argv, options);
  const chunks: Buffer[] = [];
  program.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = await program.ended;
  return { ...end, stdout: Buffer.concat(chunks).toString('utf8') };
}
