/** Tells in plain lines what happens; on a terminal the last line shows how far the build is. */
import { styleText } from 'node:util';
import { formatError, fromRecord } from '../core/errors.ts';
import type { TimedEvent } from '../core/events.ts';

type ComponentFinished = TimedEvent & { type: 'component_finished' };

const redrawMs = 100;

export class PlainReporter {
  readonly #stream: NodeJS.WriteStream;
  readonly #isLive: boolean;
  readonly #isColoured: boolean;
  #planned = 0;
  #done = 0;
  #lastDrawnMs = 0;
  #isLineShown = false;
  readonly #running = new Map<string, string>();

  constructor(stream: NodeJS.WriteStream, { isPlain }: { isPlain: boolean }) {
    this.#stream = stream;
    this.#isLive = stream.isTTY && !isPlain && !process.env.CI;
    this.#isColoured = stream.isTTY && !process.env.NO_COLOR;
  }

  listen(event: TimedEvent): void {
    switch (event.type) {
      case 'actions_planned':
        this.#planned += event.count;
        return this.#draw(event.atMs);
      case 'action_cached':
        this.#done += 1;
        return this.#draw(event.atMs);
      case 'action_started':
        this.#running.set(event.action, event.component);
        return this.#draw(event.atMs);
      case 'action_finished':
        this.#running.delete(event.action);
        if (event.reason === 'new') this.#done += 1;
        return this.#draw(event.atMs);
      case 'action_retried':
        this.#running.delete(event.action);
        return this.#say(
          `${this.#colour('yellow', 'retry')} ${event.action} after ${event.error.code}, attempt ${event.attempt + 1}`,
        );
      case 'action_failed':
        this.#running.delete(event.action);
        if (event.error.code === 'cancelled') return;
        return this.#say(
          `${this.#colour('red', 'error')} in ${event.action}\n${formatError(fromRecord(event.error))}`,
        );
      case 'component_finished':
        return this.#component(event);
      case 'warning':
        return this.#say(`${this.#colour('yellow', 'warning')} ${event.message}`);
      case 'build_started':
      case 'run_started':
      case 'run_finished':
        return;
      case 'build_finished':
        return this.#erase();
      default:
        event satisfies never;
    }
  }

  #component({ run, component, status, cache, durationMs, reason }: ComponentFinished): void {
    const colours = { success: 'green', empty: 'cyan', error: 'red', skipped: 'yellow' } as const;
    const how =
      cache === 'none' ? (durationMs > 0 ? `${(durationMs / 1000).toFixed(2)} s` : '') : `cached (${cache})`;
    const name = run === '' ? `//${component}` : `${run}  ${component}`;
    const why = status === 'success' || reason === undefined ? '' : `  ${reason}`;
    this.#say(`${this.#colour(colours[status], status.padEnd(7))} ${name.padEnd(40)} ${how}${why}`);
  }

  /** A line that stays. */
  #say(text: string): void {
    this.#erase();
    this.#stream.write(`${text}\n`);
  }

  #draw(nowMs: number): void {
    if (!this.#isLive || nowMs - this.#lastDrawnMs < redrawMs) return;
    this.#lastDrawnMs = nowMs;
    const names = [...new Set(this.#running.values())].join(', ');
    const text = `${this.#done}/${this.#planned} actions  ${this.#running.size} running  ${names}`;
    this.#stream.write(`\r\x1b[2K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    this.#isLineShown = true;
  }

  #erase(): void {
    if (this.#isLineShown) this.#stream.write('\r\x1b[2K');
    this.#isLineShown = false;
  }

  #colour(colour: 'red' | 'green' | 'yellow' | 'cyan', text: string): string {
    return this.#isColoured ? styleText(colour, text, { validateStream: false }) : text;
  }
}
