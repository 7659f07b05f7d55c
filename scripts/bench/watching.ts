/** A `flow watch` that a bench edits files under. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class Watching implements AsyncDisposable {
  readonly #child: ChildProcess;
  #said = '';
  #wake: () => void = () => undefined;

  constructor(
    flow: string,
    targets: readonly string[],
    options: { cwd: string; env: Record<string, string> },
  ) {
    this.#child = spawn(process.execPath, [flow, 'watch', ...targets], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString();
        this.#wake();
      });
  }

  /** Waits for the end of a build in which `brightness` ran; gives what was said of it. */
  async untilDone(): Promise<string> {
    while (!/up to date in .*\n/.test(this.#said) || !/brightness .*\n/.test(this.#said)) {
      if (this.#child.exitCode !== null) throw new Error(`flow watch ended:\n${this.#said}`);
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    }
    const said = this.#said;
    this.#said = '';
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGINT');
    if (this.#child.exitCode === null) await once(this.#child, 'close');
  }
}
