/** Runs commands in an empty folder that holds only what was declared, and reads back only what was declared. */

import { readdirSync, rmSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { ProgramCommand, ProgramResult, Programs } from '../core/rule.ts';
import type { Disk } from './disk.ts';
import { type ProgramEnd, runSupervised } from './program.ts';

const prefix = 'flow-exec-';

export class Sandbox implements Programs {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** @throws {FlowError} `rule_failed` if the command fails, `output_invalid` if it does not write what it should */
  async run(command: ProgramCommand, signal: AbortSignal): Promise<ProgramResult> {
    const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    try {
      await this.#furnish(folder, command);
      const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8', ...command.env };
      const end = await runSupervised(command.argv, { cwd: folder, env, signal });
      if (end.status !== 0) throw commandFailed(command, end);
      const outputs = await readOutputs(folder, command.outputs);
      return { outputs, stdout: end.stdout, stderr: end.stderr };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #furnish(folder: string, { files, outputs }: ProgramCommand): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = inside(folder, name);
      if (typeof content === 'string') await this.#disk.clone(content, path);
      else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
      }
    }
    for (const name of outputs) await mkdir(dirname(inside(folder, name)), { recursive: true });
  }
}

function inside(folder: string, name: string): string {
  const path = normalize(name);
  if (isAbsolute(path) || path.startsWith('..')) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      message: `Cannot use "${name}" as a file of the command: it lies outside of its folder.`,
      fix: 'Write a relative path without "..".',
    });
  }
  return join(folder, path);
}

async function readOutputs(folder: string, names: readonly string[]): Promise<Map<string, Uint8Array>> {
  const outputs = new Map<string, Uint8Array>();
  for (const name of names) {
    const path = inside(folder, name);
    const stats = await lstat(path).catch(() => undefined);
    // A link could lead anywhere: only what the command itself wrote counts.
    if (!stats?.isFile()) throw outputMissing(name, stats !== undefined);
    outputs.set(name, await readFile(path));
  }
  return outputs;
}

function outputMissing(name: string, isThere: boolean): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'rule',
    message: `Cannot keep the result of the command: its output "${name}" is ${isThere ? 'not a regular file' : 'missing'}.`,
    fix: 'Let the command write this file, or correct `outputs`. Nothing was stored.',
  });
}

function commandFailed({ argv }: ProgramCommand, { status, stderr }: ProgramEnd): FlowError {
  const said = stderr.trim().split('\n').slice(-20).join('\n');
  const isMissing = status === 127;
  return new FlowError({
    code: 'rule_failed',
    blame: isMissing ? 'user' : 'rule',
    message: `Cannot finish the command \`${argv.join(' ')}\`: ${isMissing ? 'there is no such program' : `it ended with status ${status}`}.`,
    excerpt: said || undefined,
    fix: isMissing
      ? `Install "${argv[0]}", or correct the command.`
      : 'Correct the command or its input; its own words are above.',
  });
}

/** Removes what engines that were killed left behind. */
export function sweepSandboxes(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (pid && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
