/** Tells in plain lines what happens; on a terminal the last line shows how far the build is. */
import { styleText } from 'node:util';
import { type ErrorRecord, FlowError, fromRecord } from '../core/errors.ts';
import type { ActionRef, TimedEvent } from '../core/events.ts';
import { counted, durationText, sizeText } from './duration-text.ts';
import { errorText } from './error-text.ts';
import { shortNames } from './short-names.ts';

type ComponentFinished = TimedEvent & { type: 'component_finished' };

const redrawMs = 100;
const widest = 32;

export interface ReporterOptions {
  /** Labels of the runs, and names of their components: for the widths of the columns. */
  readonly runs: readonly string[];
  readonly components: readonly string[];
  /** No progress line. */
  readonly isPlain: boolean;
  /** Nothing but errors. */
  readonly isQuiet: boolean;
}

export class PlainReporter {
  readonly #stream: NodeJS.WriteStream;
  readonly #isLive: boolean;
  readonly #isColoured: boolean;
  readonly #isQuiet: boolean;
  readonly #names: ReadonlyMap<string, string>;
  readonly #nameWidth: number;
  readonly #componentWidth: number;
  #planned = 0;
  #done = 0;
  #lastDrawnMs = 0;
  #isLineShown = false;
  readonly #warned = new Set<string>();
  readonly #running = new Map<string, string>();
  readonly #work = new Map<string, Work>();
  readonly #told = new Set<string>();

  constructor(stream: NodeJS.WriteStream, { runs, components, isPlain, isQuiet }: ReporterOptions) {
    this.#stream = stream;
    this.#isQuiet = isQuiet;
    this.#isLive = stream.isTTY && !isPlain && !isQuiet && !process.env.CI;
    this.#isColoured = stream.isTTY && !process.env.NO_COLOR;
    this.#names = runs.length > 1 ? shortNames(runs) : new Map(); // A single run needs no name.
    this.#nameWidth = Math.max(0, ...[...this.#names.values()].map(({ length }) => length));
    this.#componentWidth = Math.min(widest, Math.max(0, ...components.map(({ length }) => length)));
  }

  listen(event: TimedEvent): void {
    switch (event.type) {
      case 'actions_planned':
        this.#planned += event.count;
        return this.#draw(event.atMs);
      case 'action_cached':
        this.#done += 1;
        this.#workOf(event).cached += 1;
        return this.#draw(event.atMs);
      case 'action_started':
        this.#running.set(event.action, event.component);
        return this.#draw(event.atMs);
      case 'action_finished':
        this.#running.delete(event.action);
        if (event.reason === 'new') this.#finished(event);
        return this.#draw(event.atMs);
      case 'action_retried':
        this.#running.delete(event.action);
        return this.#retried(event);
      case 'action_failed':
        this.#running.delete(event.action);
        if (event.error.code === 'cancelled') return;
        return this.#failed(event, event.error);
      case 'component_finished':
        return this.#component(event);
      case 'warning':
        return this.#say(`${this.#colour('yellow', 'warning')}  ${event.message}`);
      case 'build_started':
      case 'run_started':
      case 'action_queued':
      case 'progress':
      case 'run_finished':
        return;
      case 'build_finished':
        return this.#erase();
      default:
        event satisfies never;
    }
  }

  #workOf({ run, component }: Pick<ActionRef, 'run' | 'component'>): Work {
    const key = JSON.stringify([run, component]);
    const work = this.#work.get(key) ?? { ran: 0, cached: 0, bytes: 0, hasToldError: false };
    this.#work.set(key, work);
    return work;
  }

  #finished(event: TimedEvent & { type: 'action_finished' }): void {
    this.#done += 1;
    const work = this.#workOf(event);
    work.ran += 1;
    work.bytes += event.bytes;
    for (const warning of event.warnings) this.#warn(event.component, warning);
  }

  /** What a rule noted; several segments and runs may say the same. */
  #warn(component: string, warning: string): void {
    const text = `${component}: ${warning}`;
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#say(`${this.#colour('yellow', 'warning')}  ${text.split('\n')[0]}`); // The manifest has all of it.
  }

  #retried(event: TimedEvent & { type: 'action_retried' }): void {
    const { attempt, delayMs, error } = event;
    const label = this.#colour('yellow', 'retry'.padEnd(statusWidth));
    this.#say(
      `${label}  ${this.#nameOf(event)} in ${durationText(delayMs)}, attempt ${attempt + 1}: ${error.message}`,
    );
  }

  /** Each error is told once, however many segments of a component meet it. */
  #failed(ref: ActionRef, record: ErrorRecord): void {
    this.#workOf(ref).hasToldError = true;
    const { code, blame, message, excerpt, fix, where, cause } = fromRecord(record);
    const place = this.#nameOf(ref);
    const text = errorText(
      new FlowError({
        code,
        blame,
        message,
        excerpt,
        fix,
        cause,
        where: isOfUse(where) ? `${place}: ${where}` : place,
      }),
    );
    const key = JSON.stringify([ref.run, ref.component, message]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#say(text, { isError: true });
  }

  #nameOf({ run, component }: Pick<ActionRef, 'run' | 'component'>): string {
    const name = this.#names.get(run);
    return name === undefined ? component : `${name} ${component}`;
  }

  #component(event: ComponentFinished): void {
    const { run, component, status, reason } = event;
    const colours = { success: 'green', empty: 'cyan', error: 'red', skipped: 'yellow' } as const;
    const work = this.#workOf(event);
    const why = status === 'success' || (status === 'error' && work.hasToldError) ? undefined : reason;
    const line = [
      this.#colour(colours[status], status.padEnd(statusWidth)),
      ...(this.#nameWidth > 0 ? [(this.#names.get(run) ?? '').padEnd(this.#nameWidth)] : []),
      component.padEnd(this.#componentWidth),
      ...(status === 'skipped' || status === 'error' ? [] : [workText(work, event.durationMs)]),
      ...(why === undefined ? [] : [why]),
    ].join('  ');
    this.#say(line.trimEnd(), { isError: status === 'error' });
  }

  /** A line that stays. */
  #say(text: string, { isError = false }: { isError?: boolean } = {}): void {
    if (this.#isQuiet && !isError) return;
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

/** As long as the longest status: 'success', 'skipped'. */
const statusWidth = 7;

/** What one component of one run has done so far. */
interface Work {
  ran: number;
  cached: number;
  /** What the actions that ran have made. */
  bytes: number;
  hasToldError: boolean;
}

/** '   0.35 s   34 KiB  2 actions ran, 6 cached'. */
function workText({ ran, cached, bytes }: Work, durationMs: number): string {
  const time = ran > 0 ? durationText(durationMs) : 'cached';
  const size = ran > 0 ? sizeText(bytes) : '';
  const parts = [ran > 0 && `${counted(ran, 'action')} ran`, cached > 0 && `${cached} cached`].filter(
    Boolean,
  );
  return `${time.padStart(8)}  ${size.padStart(8)}${ran + cached > 1 ? `  ${parts.join(', ')}` : ''}`;
}

/** A bundle is one long line that nobody has written. */
function isOfUse(where: string | undefined): boolean {
  return where !== undefined && !/\.flow\/bundles\//.test(where);
}
