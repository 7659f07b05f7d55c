/** A body on its way here. It may take as long as it likes while it keeps coming. */
import { RemoteError } from './object-store.ts';

/** As much of a readable stream as this needs. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown;
}

export interface Arrival {
  /** What the server has announced; bytes. */
  readonly sizeBytes: number;
  /** So much has to arrive, or the rest, … */
  readonly stretchBytes: number;
  /** … before so much time has been spent waiting. What the reader takes for himself does not count. */
  readonly stretchMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {RemoteError} `unavailable` if it breaks off, comes too slowly, or is shorter than announced */
export async function* arrivingBody(stream: BodyStream, arrival: Arrival): AsyncGenerator<Uint8Array> {
  const { sizeBytes, stretchBytes, signal } = arrival;
  const watch = new Stretch(arrival.stretchMs, () => stream.destroy(tooSlow()));
  const onAbort = (): void => void stream.destroy(new Error('aborted'));
  signal?.addEventListener('abort', onAbort, { once: true });
  let arrivedBytes = 0;
  let endOfStretch = stretchBytes;
  try {
    signal?.throwIfAborted();
    watch.resume();
    for await (const piece of stream) {
      watch.pause();
      arrivedBytes += piece.length;
      if (arrivedBytes >= endOfStretch) {
        watch.restart();
        endOfStretch = arrivedBytes + stretchBytes;
      }
      yield piece;
      watch.resume();
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof RemoteError ? error : brokenOff(arrivedBytes, sizeBytes);
  } finally {
    watch.end();
    signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
  if (arrivedBytes !== sizeBytes) throw brokenOff(arrivedBytes, sizeBytes);
}

/** Measures how long a stretch has been waited for. One timer for all of a body: a piece costs two looks at the clock. */
class Stretch {
  readonly #mostMs: number;
  readonly #onLate: () => void;
  #waitedMs = 0;
  /** Undefined while the reader has the word. */
  #waitingSinceMs: number | undefined;
  #timer: NodeJS.Timeout;

  constructor(mostMs: number, onLate: () => void) {
    this.#mostMs = mostMs;
    this.#onLate = onLate;
    this.#timer = setTimeout(() => this.#look(), mostMs);
  }

  resume(): void {
    this.#waitingSinceMs = performance.now();
  }

  pause(): void {
    this.#waitedMs = this.#waitedAltogetherMs();
    this.#waitingSinceMs = undefined;
  }

  restart(): void {
    this.#waitedMs = 0;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #waitedAltogetherMs(): number {
    const now = performance.now();
    return this.#waitedMs + now - (this.#waitingSinceMs ?? now);
  }

  #look(): void {
    const leftMs = this.#mostMs - this.#waitedAltogetherMs();
    if (leftMs <= 0) return this.#onLate();
    this.#timer = setTimeout(() => this.#look(), Math.max(1, leftMs));
  }
}

function tooSlow(): RemoteError {
  return new RemoteError('unavailable', 'The body of an answer came too slowly.');
}

function brokenOff(arrivedBytes: number, sizeBytes: number): RemoteError {
  return new RemoteError(
    'unavailable',
    `The body of an answer ended after ${arrivedBytes} of ${sizeBytes} bytes.`,
  );
}
