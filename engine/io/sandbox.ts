/** Runs commands in an empty folder that holds only what was declared, and reads back only what was declared. */

import { constants, readdirSync, rmSync } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { ProgramCommand, ProgramResult, Programs } from '../core/rule.ts';
import { type ProgramEnd, runSupervised } from './program.ts';

const prefix = 'flow-exec-';

export class Sandbox implements Programs {
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
      await mkdir(dirname(path), { recursive: true });
      if (typeof content === 'string') await provide(content, path);
      else await writeFile(path, content);
    }
    for (const name of outputs) await mkdir(dirname(inside(folder, name)), { recursive: true });
  }
}

/** Files of this size and above are not copied for a command, where the file system cannot share their content. */
const linkFromBytes = 4 * 2 ** 20;

/**
 * Gives a command a file of the user's: a copy of its own, which it may do with as it likes. A large one is a
 * symbolic link; a hard link would be no safer, and would move the file's change time, by which edits are told.
 */
async function provide(from: string, to: string): Promise<void> {
  const isSmall = (await stat(from)).size < linkFromBytes;
  const mode = isSmall ? constants.COPYFILE_FICLONE : constants.COPYFILE_FICLONE_FORCE;
  await copyFile(from, to, mode).catch(async (error) => {
    if (isSmall) throw error;
    await rm(to, { force: true });
    await symlink(from, to);
  });
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
    if (!pid || isAlive(pid)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's: it is his to remove.
    }
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
