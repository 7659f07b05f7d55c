import { type ChildProcess, fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Rig } from '../rig.ts';
import type { Answer, Order } from './build-on-order.ts';

/** A process of its own that builds in a rig, as `flow build` does; it has loaded the engine before it is needed. */
export class Builder implements Disposable {
  readonly #child: ChildProcess;
  readonly #rig: Rig;
  #said = '';

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#child = fork(join(import.meta.dirname, 'build-on-order.ts'), {
      cwd: rig.root,
      env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(rig.root), 'compiled') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString('utf8');
      });
  }

  /** Everything that it has printed so far. */
  get said(): string {
    return this.#said;
  }

  /** @returns the build's status, or the signal that ended the process */
  async build(
    targets: readonly string[],
    { kill, ...flags }: Partial<Order['flags']> & Pick<Order, 'kill'> = {},
  ): Promise<number | NodeJS.Signals> {
    const { promise, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
    const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => resolve(signal ?? code ?? 1);
    const onAnswer = ({ status, errors }: Answer): void => {
      this.#said += errors.join('\n');
      resolve(status);
    };
    this.#child.once('exit', onEnd).once('message', onAnswer);
    const own = { quiet: true, platformId: 'local', dataprocessorVersion: 'unknown' };
    const order: Order = { targets, flags: { ...own, cacheDir: this.#rig.cacheDir, ...flags }, kill };
    this.#child.send(order);
    const ended = await promise;
    this.#child.off('exit', onEnd).off('message', onAnswer);
    return ended;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Has the next builder start while the one that was taken works. */
export class WarmBuilders implements Disposable {
  readonly #rig: Rig;
  #next: Builder;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#next = new Builder(rig);
  }

  /** Whoever takes a builder disposes of it. */
  take(): Builder {
    const taken = this.#next;
    this.#next = new Builder(this.#rig);
    return taken;
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]();
  }
}
