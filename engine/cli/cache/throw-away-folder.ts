import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const signals = ['SIGINT', 'SIGTERM'] as const;

/** A folder that is gone when it is disposed of, also where the process is interrupted. */
export class ThrowAwayFolder implements Disposable {
  readonly path: string;

  /** @param beginning of its name */
  constructor(beginning: string) {
    this.path = mkdtempSync(join(tmpdir(), beginning));
    for (const signal of signals) process.on(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]();
    process.removeAllListeners(signal); // Whatever else waits for it: what they would end in an orderly way is gone.
    process.kill(process.pid, signal);
  };

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.#onSignal);
    rmSync(this.path, { recursive: true, force: true });
  }
}
