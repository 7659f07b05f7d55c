/** `--trace`: what a build did when, as a file for Perfetto (ui.perfetto.dev) or chrome://tracing. */
import { closeSync, writeSync } from 'node:fs';
import type { Listener } from '../../core/events.ts';
import { openOutput } from '../open-output.ts';
import { warnAside } from '../warn-aside.ts';
import { type TraceEvent, TraceEvents } from './trace-events.ts';

const opening = '{"displayTimeUnit":"ms","traceEvents":[';
const closing = '\n]}\n';

export class TraceFile {
  readonly #descriptor: number;
  readonly #events = new TraceEvents();
  #sizeBytes = 0;
  /** Closed, or a write has failed. */
  #isOver = false;

  /** @throws {FlowError} `config_invalid` if the file cannot be written */
  constructor(path: string) {
    this.#descriptor = openOutput(path, {
      flag: '--trace',
      what: 'the trace',
      fix: 'Name a file that can be written.',
    });
    this.#append(opening);
  }

  /** Writes until that fails, which is told, and is no reason to stop a build. */
  readonly listen: Listener = (event) => {
    const events = this.#events.eventsOf(event);
    if (events.length > 0) this.#append(this.#linesOf(events));
  };

  close(): void {
    this.#isOver = true; // Another file may have its descriptor soon.
    closeSync(this.#descriptor);
  }

  #linesOf(events: readonly TraceEvent[]): string {
    const separator = this.#sizeBytes > opening.length ? ',\n' : '\n';
    return separator + events.map((event) => JSON.stringify(event)).join(',\n');
  }

  /** Every write ends the document, and the next one takes the place of that end: a build that is killed leaves it whole. */
  #append(text: string): void {
    if (this.#isOver) return;
    try {
      const bytes = Buffer.from(text + closing);
      if (writeSync(this.#descriptor, bytes, 0, bytes.length, this.#sizeBytes) < bytes.length)
        throw new Error('the disk is full');
      this.#sizeBytes += bytes.length - closing.length;
    } catch (error) {
      this.#isOver = true;
      warnAside(`Cannot write the trace any more: ${(error as Error).message}.`);
    }
  }
}
