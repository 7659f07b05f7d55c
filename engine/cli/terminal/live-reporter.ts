/**
 * Shows on a terminal what a build does: lines that stay, and below them a view that changes.
 *
 * The view begins only when a build takes its time, and ink is loaded only then.
 */
import type { TimedEvent } from '../../core/events.ts';
import { EventLines, type LineSetting } from '../event-lines.ts';
import { type Reporter, stoppingText } from '../reporter.ts';
import { shortNames } from '../short-names.ts';
import { BuildProgress } from './build-progress.ts';
import type { BuildViewProps } from './build-view.ts';
import type { Drawing } from './drawing.ts';
import { loadProductionReact } from './production-react.ts';
import { ResourceMeter } from './resource-use.ts';
import { TakenTerminal } from './taken-terminal.ts';
import type { DurationHistory } from './work-left.ts';

/** Most builds are over before a view could be read. */
const calmMs = 1000;

export class LiveReporter implements Reporter {
  readonly #stream: NodeJS.WriteStream;
  readonly #lines: EventLines;
  readonly #names: ReadonlyMap<string, string>;
  readonly #progress: BuildProgress;
  readonly #meter = new ResourceMeter();
  readonly #terminal: TakenTerminal;
  readonly #calm: NodeJS.Timeout;
  readonly #close = (): void => this.close();
  #drawing: Drawing | undefined;
  #isStopping = false;
  #isClosed = false;

  constructor(stream: NodeJS.WriteStream, setting: LineSetting, history: DurationHistory) {
    this.#stream = stream;
    this.#lines = new EventLines(setting, { isColoured: true });
    this.#names = setting.runs.length > 1 ? shortNames(setting.runs) : new Map();
    this.#progress = new BuildProgress(history);
    this.#terminal = new TakenTerminal(stream, (text) => this.#say(text));
    process.on('exit', this.#close); // Whoever ends the process.
    this.#calm = setTimeout(() => void this.#open().catch((error: Error) => this.#lost(error)), calmMs);
  }

  listen(event: TimedEvent): void {
    this.#progress.listen(event);
    for (const { text } of this.#lines.of(event)) this.#say(`${text}\n`);
    this.#drawing?.refresh();
  }

  stopping(): void {
    this.#isStopping = true;
    if (this.#drawing) this.#drawing.refresh();
    else this.#say(`\n${stoppingText}\n`);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off('exit', this.#close);
    clearTimeout(this.#calm);
    this.#terminal.release();
    this.#drawing?.close();
    this.#drawing = undefined;
  }

  async #open(): Promise<void> {
    loadProductionReact();
    const { Drawing } = await import('./drawing.ts');
    if (this.#isClosed) return;
    this.#drawing = new Drawing(this.#stream, this.#terminal, () => this.#view());
  }

  /** A build is worth more than its view. */
  #lost({ message }: Error): void {
    this.listen({ type: 'warning', message: `Cannot show the view: ${message}`, atMs: Date.now() });
  }

  #view(): Omit<BuildViewProps, 'columns' | 'rows'> {
    return {
      progress: this.#progress.at(Date.now()),
      resources: this.#meter.read(performance.now()),
      names: this.#names,
      isStopping: this.#isStopping,
    };
  }

  /** @param text whole lines */
  #say(text: string): void {
    if (this.#drawing) this.#drawing.say(text);
    else this.#terminal.write(text);
  }
}
