/** `--events`: every event as a line of JSON. */
import { closeSync, writeSync } from 'node:fs';
import type { Listener } from '../core/events.ts';
import { openOutput } from './open-output.ts';
import { warnAside } from './warn-aside.ts';

const fix = 'Name a file that can be written, or "-" for standard output.';

export class EventFile {
  readonly #descriptor: number;
  readonly #isOwn: boolean;
  /** Closed, or a write has failed. */
  #isOver = false;

  /**
   * @param path a file, or `-` for standard output
   * @throws {FlowError} `config_invalid` if it cannot be written
   */
  constructor(path: string) {
    this.#isOwn = path !== '-';
    this.#descriptor = this.#isOwn
      ? openOutput(path, { flag: '--events', what: 'events', fix })
      : process.stdout.fd;
  }

  /** Writes until that fails, which is told, and is no reason to stop a build. */
  readonly listen: Listener = (event) => {
    if (this.#isOver) return;
    try {
      const line = `${JSON.stringify(event)}\n`;
      if (this.#isOwn) writeSync(this.#descriptor, line);
      else process.stdout.write(line); // It queues what a slow reader does not take at once.
    } catch (error) {
      this.#isOver = true;
      warnAside(`Cannot write events any more: ${(error as Error).message}.`);
    }
  };

  /** Uploads may go on and tell of themselves. */
  close(): void {
    this.#isOver = true; // Another file may have its descriptor soon.
    if (this.#isOwn) closeSync(this.#descriptor);
  }
}
