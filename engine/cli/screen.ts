import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { terminalWidth } from './wrapped.ts';

/** What a report is drawn for. */
export interface Screen {
  /** Characters in a line. */
  readonly columns: number;
  /** Bits of a colour: 24, 8 (256 colours), 4 (16), or 1, which is none. */
  readonly colourBits: number;
}

/** Standard output; where it is no terminal, it has colours only if `FORCE_COLOR` asks for them. */
export function standardScreen(): Screen {
  const isColoured = process.stdout.isTTY || process.env.FORCE_COLOR !== undefined;
  // The depth follows from the environment alone (`NO_COLOR`, `TERM` and others), so that it needs no terminal.
  const colourBits = isColoured ? WriteStream.prototype.getColorDepth() : 1;
  return { columns: terminalWidth(), colourBits };
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** The text in a style, where there are colours. */
export function styled({ colourBits }: Screen, style: Style, text: string): string {
  return colourBits > 1 ? styleText(style, text, { validateStream: false }) : text;
}
