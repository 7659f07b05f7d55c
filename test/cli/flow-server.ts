/**
 * `flow` for many tests in one process: loading it takes far longer than most of what they ask of it.
 *
 * What depends on how a process ends has to run by itself, with `Rig.flow`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { main } from '../../engine/cli/main.ts';
import type { FlowRun } from '../rig.ts';

interface Command {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export class FlowServer {
  readonly #child: ChildProcess = fork(import.meta.filename, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

  readonly #ended = once(this.#child, 'exit').then(() => {
    throw new Error('flow has ended the process');
  });

  constructor() {
    this.#ended.catch(() => undefined); // After `stop`, nobody waits for it.
  }

  /** Runs one command; the next one is to be given when this has ended. */
  async flow(command: Command): Promise<FlowRun> {
    this.#child.send(command);
    const [run] = await Promise.race([once(this.#child, 'message'), this.#ended]);
    return run as FlowRun; // `serve` sends nothing else.
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function serve({ args, cwd, env }: Command): Promise<FlowRun> {
  process.chdir(cwd);
  Object.assign(process.env, env);
  process.exitCode = 0;
  const said = { stdout: '', stderr: '' };
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: unknown) => {
      said[name] += String(text);
      return true;
    };
  }
  await main(args);
  for (const name of ['stdout', 'stderr'] as const) process[name].write = originals[name];
  return { ...said, status: Number(process.exitCode) };
}

if (process.send) {
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0); // Each command adds its own.
  process.on('message', async (command: Command) => process.send!(await serve(command)));
}
