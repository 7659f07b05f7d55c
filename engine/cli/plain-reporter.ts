/** Tells in plain lines what happens: for pipes, files and terminals that want no more. */
import type { TimedEvent } from '../core/events.ts';
import { EventLines, type LineSetting } from './event-lines.ts';
import { type Reporter, stoppingText } from './reporter.ts';

export class PlainReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream;
  readonly #isQuiet: boolean;
  readonly #lines: EventLines;

  /** @param isQuiet nothing but errors is told */
  constructor(stream: NodeJS.WriteStream, setting: LineSetting, { isQuiet }: { isQuiet: boolean }) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
    const isColoured = stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
    this.#lines = new EventLines(setting, { isColoured });
  }

  listen(event: TimedEvent): void {
    for (const { text, isError } of this.#lines.of(event))
      if (isError || !this.#isQuiet) this.#stream.write(`${text}\n`);
  }

  stopping(): void {
    this.#stream.write(`\n${stoppingText}\n`);
  }

  close(): void {}
}
