/** One line that tells how far something with many bytes is, where there is no build to show. */
import { basename } from 'node:path';
import type { TimedEvent } from '../../core/events.ts';
import { sizeText } from '../duration-text.ts';
import { cutMiddle, oneLine } from '../short-names.ts';

/** What is over sooner needs no telling. */
const patienceMs = 1000;
const barWidth = 20;
const widestName = 40;
const eraseLine = '\r\x1b[2K';

export class ReadingLine implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #act: string;
  #firstAtMs: number | undefined;
  #isShown = false;
  #isOver = false;

  constructor(stream: NodeJS.WriteStream, { act = 'reading' }: { readonly act?: string } = {}) {
    this.#stream = stream;
    this.#act = act;
  }

  readonly listen = (event: TimedEvent): void => {
    if (event.type !== 'progress' || this.#isOver) return;
    this.#firstAtMs ??= event.atMs;
    if (event.atMs - this.#firstAtMs < patienceMs) return;
    const { name, doneBytes, totalBytes } = event;
    const filled = Math.round((barWidth * doneBytes) / Math.max(1, totalBytes));
    const bar = '━'.repeat(filled) + '─'.repeat(barWidth - filled);
    const text = `${bar}  ${this.#act} ${cutMiddle(oneLine(basename(name)), widestName)}  ${sizeText(doneBytes)} of ${sizeText(totalBytes)}`;
    this.#stream.write(`${eraseLine}${text.slice(0, this.#stream.columns - 1)}`);
    this.#isShown = true;
  };

  /** Leaves no trace. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#isShown) this.#stream.write(eraseLine);
    this.#isShown = false;
  }
}
