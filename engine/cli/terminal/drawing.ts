/**
 * The view on its terminal: drawn a few times a second, with everything that is said meanwhile above it.
 *
 * It only writes: the keyboard stays as it is, so that Ctrl-C is a signal, and nothing has to be restored but the
 * cursor. A known flaw: a line feed that somebody types moves the cursor, and leaves one line of the view behind.
 */
import { PassThrough } from 'node:stream';
import { type Instance, render } from 'ink';
import { createElement, type ReactElement } from 'react';
import { BuildView, type BuildViewProps } from './build-view.ts';
import { Canvas, type Size } from './canvas.ts';
import type { TakenTerminal } from './taken-terminal.ts';

/** At most eight frames a second: one costs one or two milliseconds. */
const frameMs = 125;
/** How often the times in it go on while nothing happens. */
const heartbeatFrames = 8;

/** What a terminal draws between these, if it knows them, shows all at once. */
const [hold, show] = ['\x1b[?2026h', '\x1b[?2026l'];

/**
 * A window that is dragged has many sizes; it is drawn to when it has kept one for so long. Longer than tmux takes, which tells
 * of a new size up to 250 ms late: what it has wrapped meanwhile cannot be known, and to erase too much takes lines that stay.
 */
const settleMs = 400;

export class Drawing {
  readonly #stream: NodeJS.WriteStream;
  readonly #view: () => Omit<BuildViewProps, 'columns' | 'rows'>;
  readonly #terminal: TakenTerminal;
  readonly #canvas: Canvas;
  readonly #ink: Instance;
  readonly #ticks: NodeJS.Timeout;
  readonly #resize = (): void => this.#settleLater();
  #settling: NodeJS.Timeout | undefined;
  #said = '';
  #isStale = false;
  #ticksSince = 0;

  /** @param view what to show now */
  constructor(
    stream: NodeJS.WriteStream,
    terminal: TakenTerminal,
    view: () => Omit<BuildViewProps, 'columns' | 'rows'>,
  ) {
    this.#stream = stream;
    this.#view = view;
    this.#terminal = terminal;
    this.#canvas = new Canvas(stream, (text) => this.#terminal.write(text));
    stream.on('resize', this.#resize);
    this.#ink = render(this.#element(), {
      stdout: this.#canvas,
      stderr: this.#canvas,
      stdin: new PassThrough(),
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false, // The streams are taken, and with them the console.
      maxFps: 1000, // The ticks here set the pace, and what they draw must not wait.
    });
    this.#ticks = setInterval(() => this.#tick(), frameMs).unref();
  }

  /** Something that stays, above the view. @param text whole lines */
  say(text: string): void {
    this.#said += text;
  }

  /** What the view shows has changed. */
  refresh(): void {
    this.#isStale = true;
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#stream.off('resize', this.#resize);
    this.#settle();
    this.#ink.clear();
    this.#ink.unmount();
    this.#flush();
  }

  #tick(): void {
    this.#ticksSince += 1;
    if (this.#settling) return;
    if (!this.#canvas.fits(this.#size)) return this.#settleLater(); // Its signal is still on the way.
    if (this.#isStale || this.#said !== '' || this.#ticksSince >= heartbeatFrames) this.#draw();
  }

  #draw(): void {
    this.#isStale = false;
    this.#ticksSince = 0;
    this.#terminal.write(hold);
    const isResized = this.#canvas.fit(this.#size);
    if (isResized || this.#said !== '') this.#ink.clear();
    this.#flush();
    this.#ink.rerender(this.#element());
    this.#terminal.write(show);
  }

  #flush(): void {
    if (this.#said !== '') this.#terminal.write(this.#said);
    this.#said = '';
  }

  #settleLater(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), settleMs).unref();
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#draw();
  }

  /** As it is now: what the stream last heard may be old. */
  get #size(): Size {
    const [columns, rows] = this.#stream.getWindowSize();
    return { columns, rows };
  }

  #element(): ReactElement {
    const { columns, rows } = this.#canvas;
    return createElement(BuildView, { ...this.#view(), columns, rows });
  }
}
