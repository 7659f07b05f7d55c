import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Of today's terminals xterm alone cuts long lines when it becomes narrower; the others wrap them. */
const wrapsLines = process.env.XTERM_VERSION === undefined;

/** What ink takes for the terminal. It has the size that the terminal had when somebody last looked. */
export class Canvas extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  readonly #draw: (text: string) => void;
  #frame = '';

  /** @param draw writes to the terminal, at once */
  constructor({ columns, rows }: Size, draw: (text: string) => void) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
    this.#draw = draw;
  }

  override _write(text: string, _encoding: BufferEncoding, done: () => void): void {
    if (text.includes('\n')) this.#frame = text;
    this.#draw(text);
    done();
  }

  fits({ columns, rows }: Size): boolean {
    return columns === this.columns && rows === this.rows;
  }

  /**
   * Takes on the terminal's size. Ink is not told: it would draw at once what was meant for another size.
   *
   * To clear its frame ink erases as many rows as that had lines. Where the terminal has wrapped some, there are more.
   *
   * @returns true if it was another size
   */
  fit({ columns, rows }: Size): boolean {
    const isOther = !this.fits({ columns, rows });
    if (wrapsLines && columns < this.columns) this.#draw(eraseRow.repeat(this.#wrappedRows(columns)));
    this.columns = columns;
    this.rows = rows;
    return isOther;
  }

  #wrappedRows(columns: number): number {
    const lines = stripVTControlCharacters(this.#frame).split('\n');
    return lines.reduce((sum, line) => sum + Math.max(0, Math.ceil(line.length / columns) - 1), 0);
  }
}

/** Erases a row, and goes to the one above. */
const eraseRow = '\x1b[2K\x1b[A';
