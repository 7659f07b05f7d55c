/**
 * A terminal that a view has for itself: what others print meanwhile (rules, libraries, workers, flow) is handed over,
 * for the view to put it above itself.
 *
 * Not seen is what a program writes straight to the descriptor: native libraries, and children that inherit it.
 */
import { StringDecoder } from 'node:string_decoder';

type Write = NodeJS.WriteStream['write'];

/** A text without line ends is not kept back forever. */
const longestLine = 16384;

export class TakenTerminal {
  /** Writes to the terminal itself. */
  readonly write: (text: string) => void;
  readonly #taken: readonly { release(): void }[];

  /** @param onText gets whole lines, each with its line feed */
  constructor(stream: NodeJS.WriteStream, onText: (text: string) => void) {
    this.write = stream.write.bind(stream);
    const others = [process.stdout, process.stderr].filter((other) => other.isTTY);
    this.#taken = [...new Set([stream, ...others])].map((other) => take(other, onText));
  }

  /** Gives the streams back. Lines that have no end yet are handed over first. */
  release(): void {
    for (const taken of this.#taken) taken.release();
  }
}

function take(stream: NodeJS.WriteStream, onText: (text: string) => void): { release(): void } {
  const original = stream.write;
  const decoder = new StringDecoder('utf8');
  let unfinished = '';
  const write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    unfinished += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    const end = unfinished.lastIndexOf('\n') + 1;
    if (end > 0) onText(unfinished.slice(0, end));
    unfinished = unfinished.slice(end);
    if (unfinished.length > longestLine) flush();
    const callback = rest.at(-1);
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  const flush = (): void => {
    if (unfinished !== '') onText(`${unfinished}\n`);
    unfinished = '';
  };
  stream.write = write as Write; // Its overloads differ in what follows the chunk.
  return {
    release: () => {
      flush();
      stream.write = original;
    },
  };
}
