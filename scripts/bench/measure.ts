/** Runs processes and measures them: wall time, and the memory of the whole tree of children. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Measured {
  readonly seconds: number;
  /** Highest sum of the resident memory of the process and all that it started, sampled every 50 ms; bytes. */
  readonly peakBytes: number;
  readonly stdout: string;
}

const sampleMs = 50;
const pageBytes = 4096;

/** @throws {Error} with the end of its standard error if the process fails */
export async function measure(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Measured> {
  const startedMs = performance.now();
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr, peakBytes] = ['', '', 0];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-4000);
  });
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(child));
  }, sampleMs);
  const status = await new Promise((done) => child.on('close', done));
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(timer);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${stderr}`);
  return { seconds, peakBytes, stdout };
}

/** The median of several runs. */
export async function medianSeconds(count: number, run: () => Promise<Measured>): Promise<number> {
  const seconds: number[] = [];
  for (let index = 0; index < count; index += 1) seconds.push((await run()).seconds);
  return seconds.sort((a, b) => a - b)[count >> 1]!;
}

function treeBytes({ pid }: ChildProcess): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  let bytes = 0;
  for (const [candidate, parent] of parents) {
    if (!descends(candidate, pid!, parents)) continue;
    if (candidate === pid || !isStillItsParent(candidate, parent)) bytes += residentBytes(candidate);
  }
  return bytes;
}

/** A process that has been forked, but runs no program of its own yet, shows the pages of its parent as its own. */
function isStillItsParent(pid: number, parent: number): boolean {
  const commandLine = readProc(String(pid), 'cmdline');
  return commandLine !== undefined && commandLine === readProc(String(parent), 'cmdline');
}

function descends(pid: number, ancestor: number, parents: ReadonlyMap<number, number>): boolean {
  for (let here: number | undefined = pid; here !== undefined && here > 1; here = parents.get(here))
    if (here === ancestor) return true;
  return false;
}

function parentOf(pid: string): number | undefined {
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function residentBytes(pid: number): number {
  return Number(readProc(String(pid), 'statm')?.split(' ')[1] ?? 0) * pageBytes;
}

function readProc(pid: string, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined; // It has just ended.
  }
}
