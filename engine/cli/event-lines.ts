/** The lines that a build leaves behind, in a file as on a terminal: what is finished, warnings, retries and errors. */
import { styleText } from 'node:util';
import { type ErrorRecord, FlowError, fromRecord, printable } from '../core/errors.ts';
import type { ActionRef, TimedEvent } from '../core/events.ts';
import { counted, durationText, sizeText } from './duration-text.ts';
import { errorText } from './error-text.ts';
import { oneLine, shortNames } from './short-names.ts';

type ComponentFinished = TimedEvent & { type: 'component_finished' };
type RunFinished = TimedEvent & { type: 'run_finished' };

/** One or more lines of text, without the last line feed. */
export interface EventLine {
  readonly text: string;
  readonly isError: boolean;
}

export interface LineSetting {
  /** Labels of the runs, and names of their components: for the widths of the columns. */
  readonly runs: readonly string[];
  readonly components: readonly string[];
  /** Errors are told with their stacks. */
  readonly isVerbose?: boolean;
  /** Components that did nothing are not worth a line. */
  readonly hidesCached?: boolean;
}

/** With more runs than these, a run that goes well is one line, not one for each of its components. */
const mostRunsInDetail = 20;
const widest = 32;

export class EventLines {
  readonly #isColoured: boolean;
  readonly #isVerbose: boolean;
  readonly #hidesCached: boolean;
  readonly #isFolded: boolean;
  readonly #names: ReadonlyMap<string, string>;
  readonly #nameWidth: number;
  readonly #componentWidth: number;
  readonly #warned = new Set<string>();
  readonly #told = new Set<string>();
  /** Run → reason → components that were skipped for it: told together when the run is over. */
  readonly #skipped = new Map<string, Map<string, string[]>>();
  /** By run, then by component; a run that is over is forgotten. */
  readonly #work = new Map<string, Map<string, Work>>();

  constructor(setting: LineSetting, { isColoured }: { isColoured: boolean }) {
    const { runs, components, isVerbose = false, hidesCached = false } = setting;
    this.#isVerbose = isVerbose;
    this.#hidesCached = hidesCached;
    this.#isColoured = isColoured;
    this.#isFolded = runs.length > mostRunsInDetail;
    this.#names = runs.length > 1 ? shortNames(runs) : new Map(); // A single run needs no name.
    this.#nameWidth = Math.max(0, ...[...this.#names.values()].map(({ length }) => length));
    this.#componentWidth = Math.min(widest, Math.max(0, ...components.map(({ length }) => length)));
  }

  of(event: TimedEvent): readonly EventLine[] {
    switch (event.type) {
      case 'action_cached':
        this.#workOf(event).cached += 1;
        return [];
      case 'action_finished':
        return event.reason === 'new' ? this.#finished(event) : [];
      case 'action_retried':
        return this.#retried(event);
      case 'action_failed':
        return event.error.code === 'cancelled' ? [] : this.#failed(event, event.error);
      case 'component_finished':
        return this.#component(event);
      case 'run_finished':
        return this.#run(event);
      case 'warning':
        return [this.#warning(event.message)];
      default:
        return [];
    }
  }

  #workOf({ run, component }: Pick<ActionRef, 'run' | 'component'>): Work {
    const ofRun = this.#work.get(run) ?? new Map<string, Work>();
    this.#work.set(run, ofRun);
    const work = ofRun.get(component) ?? { ran: 0, cached: 0, bytes: 0, hasToldError: false };
    ofRun.set(component, work);
    return work;
  }

  #finished(event: TimedEvent & { type: 'action_finished' }): EventLine[] {
    const work = this.#workOf(event);
    work.ran += 1;
    work.bytes += event.bytes;
    return event.warnings.flatMap((warning) => this.#noted(event.component, warning));
  }

  /** What a rule noted; several segments and runs may say the same. */
  #noted(component: string, warning: string): EventLine[] {
    const text = `${component}: ${warning}`;
    if (this.#warned.has(text)) return [];
    this.#warned.add(text);
    return [this.#warning(text.split('\n')[0]!)]; // The manifest has all of it.
  }

  #warning(text: string): EventLine {
    return line(`${this.#colour('yellow', 'warning')}  ${printable(text)}`);
  }

  /** A server that is gone is met by every segment: each trouble of a component is told once. */
  #retried(event: TimedEvent & { type: 'action_retried' }): EventLine[] {
    const { attempt, delayMs, error } = event;
    const key = JSON.stringify(['retry', event.run, event.component, error.message]);
    if (this.#told.has(key) && !this.#isVerbose) return [];
    this.#told.add(key);
    const label = this.#colour('yellow', 'retry'.padEnd(statusWidth));
    const next = `in ${durationText(delayMs)}, attempt ${attempt + 1}`;
    return [line(`${label}  ${this.#placeOf(event)} ${next}: ${printable(error.message)}`)];
  }

  /** Each error is told once, however many segments of a component meet it. */
  #failed(ref: ActionRef, record: ErrorRecord): EventLine[] {
    this.#workOf(ref).hasToldError = true;
    const { code, blame, message, excerpt, fix, where, cause } = fromRecord(record);
    const key = JSON.stringify([ref.run, ref.component, message]);
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    const place = this.#placeOf(ref);
    const whole = isOfUse(where) ? `${place}: ${where}` : place;
    const error = new FlowError({ code, blame, message, excerpt, fix, cause, where: whole });
    const stack = this.#isVerbose && record.stack !== undefined ? `\n${printable(record.stack)}` : '';
    return [{ text: errorText(error) + stack, isError: true }];
  }

  #placeOf({ run, component }: Pick<ActionRef, 'run' | 'component'>): string {
    const name = this.#names.get(run);
    return name === undefined ? component : `${name} ${component}`;
  }

  #component(event: ComponentFinished): EventLine[] {
    const { run, component, status, reason } = event;
    const isWell = status === 'success' || status === 'empty';
    const work = this.#workOf(event);
    if (isWell && (this.#isFolded || (this.#hidesCached && work.ran === 0))) return [];
    if (status === 'skipped') return this.#skip(run, component, reason ?? '');
    const isExplained = status === 'success' || (status === 'error' && work.hasToldError);
    return this.#columns(run, {
      status,
      what: component.padEnd(this.#componentWidth),
      rest: [
        ...(isWell ? [workText(work, event.durationMs)] : []),
        ...(isExplained || reason === undefined ? [] : [reason]),
      ],
    });
  }

  #skip(run: string, component: string, reason: string): EventLine[] {
    const reasons = this.#skipped.get(run) ?? new Map<string, string[]>();
    this.#skipped.set(run, reasons);
    reasons.set(reason, [...(reasons.get(reason) ?? []), component]);
    return [];
  }

  #run(event: RunFinished): EventLine[] {
    const reasons = [...(this.#skipped.get(event.run) ?? [])];
    this.#skipped.delete(event.run);
    const skipped = reasons.flatMap(([reason, components]) =>
      this.#columns(event.run, { status: 'skipped', what: namesText(components), rest: [reason] }),
    );
    return [...skipped, ...this.#foldedRun(event)];
  }

  #foldedRun({ run, status }: RunFinished): EventLine[] {
    const works = [...(this.#work.get(run)?.values() ?? [])];
    this.#work.delete(run);
    if (!this.#isFolded) return [];
    const sum = (pick: (work: Work) => number): number => works.reduce((total, one) => total + pick(one), 0);
    const counts = `${counted(
      sum((work) => work.ran),
      'action',
    )} ran, ${sum((work) => work.cached)} cached`;
    return this.#columns(run, { status, what: counts, rest: [sizeText(sum((work) => work.bytes))] });
  }

  #columns(
    run: string,
    { status, what, rest }: { status: Shown; what: string; rest: readonly string[] },
  ): EventLine[] {
    const name = this.#nameWidth > 0 ? [(this.#names.get(run) ?? '').padEnd(this.#nameWidth)] : [];
    const texts = rest.map(oneLine); // A reason is whatever a rule says.
    const columns = [this.#colour(colours[status], status.padEnd(statusWidth)), ...name, what, ...texts];
    return [{ text: columns.join('  ').trimEnd(), isError: status === 'error' }];
  }

  #colour(colour: Colour, text: string): string {
    return this.#isColoured ? styleText(colour, text, { validateStream: false }) : text;
  }
}

type Colour = 'red' | 'green' | 'yellow' | 'cyan';
type Shown = ComponentFinished['status'] | RunFinished['status'];

const colours: Readonly<Record<Shown, Colour>> = {
  success: 'green',
  empty: 'cyan',
  error: 'red',
  skipped: 'yellow',
  partial: 'yellow',
  cancelled: 'yellow',
  running: 'cyan',
};

/** As long as most statuses: 'success', 'skipped'. */
const statusWidth = 7;

/** What one component of one run has done so far. */
interface Work {
  ran: number;
  cached: number;
  /** What the actions that ran have made. */
  bytes: number;
  hasToldError: boolean;
}

function line(text: string): EventLine {
  return { text, isError: false };
}

/** '   0.35 s   34 KiB  2 ran, 6 cached'. */
function workText({ ran, cached, bytes }: Work, durationMs: number): string {
  const time = ran > 0 ? durationText(durationMs) : 'cached';
  const size = ran > 0 ? sizeText(bytes) : '';
  const parts = [ran > 0 && `${ran} ran`, cached > 0 && `${cached} cached`].filter(Boolean);
  return `${time.padStart(8)}  ${size.padStart(8)}${ran + cached > 1 ? `  ${parts.join(', ')}` : ''}`;
}

const mostNames = 4;

function namesText(names: readonly string[]): string {
  return names.length > mostNames ? counted(names.length, 'component') : names.join(', ');
}

/** A bundle is one long line that nobody has written. */
function isOfUse(where: string | undefined): boolean {
  return where !== undefined && !/\.flow\/bundles\//.test(where);
}
