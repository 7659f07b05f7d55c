import { ReadingLine } from '../terminal/reading-line.ts';

export interface ByteProgress extends Disposable {
  advance(bytes: number): void;
}

export interface ByteWork {
  /** What is worked on: '12 blobs'. */
  readonly name: string;
  readonly totalBytes: number;
  readonly act?: string;
}

/** Tells on a terminal how far a command is, where that takes a while. */
export function byteProgress({ name, totalBytes, act = 'reading' }: ByteWork): ByteProgress {
  const line = process.stderr.isTTY ? new ReadingLine(process.stderr, { act }) : undefined;
  let doneBytes = 0;
  return {
    advance: (bytes) => {
      doneBytes += bytes;
      line?.listen({ type: 'progress', activity: 'hash', name, doneBytes, totalBytes, atMs: Date.now() });
    },
    [Symbol.dispose]: () => line?.[Symbol.dispose](),
  };
}
