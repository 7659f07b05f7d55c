/** Buffers that are used again and again, and no more of them than this: what a transfer takes of memory has a bound. */

/** The size of a piece of a large blob: large enough that a request is cheap beside it; bytes. */
export const pieceBytes = 8 * 2 ** 20;

/** Buffers of this size and less are not worth counting. */
const smallBytes = 64 * 1024;
const mostBuffers = 8;

export class BufferPool {
  readonly #free: Buffer[] = [];
  readonly #waiting: (() => void)[] = [];
  #lent = 0;

  /**
   * Lends a buffer; who takes several has to be able to give each back without getting another. First come, first served.
   *
   * @param sizeBytes what is needed of it; above `pieceBytes` it is made for the purpose
   */
  async take(sizeBytes: number): Promise<Lent> {
    if (sizeBytes <= smallBytes) return new Lent(Buffer.allocUnsafe(sizeBytes), () => undefined);
    if (this.#lent < mostBuffers) this.#lent += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (sizeBytes > pieceBytes) return new Lent(Buffer.allocUnsafe(sizeBytes), () => this.#next());
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    return new Lent(buffer.subarray(0, sizeBytes), () => {
      this.#free.push(buffer);
      this.#next();
    });
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#lent -= 1;
  }
}

export class Lent implements Disposable {
  #bytes: Buffer;
  #giveBack: (() => void) | undefined;

  constructor(bytes: Buffer, giveBack: () => void) {
    this.#bytes = bytes;
    this.#giveBack = giveBack;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** From now on it is no longer than this. */
  cut(sizeBytes: number): this {
    this.#bytes = this.#bytes.subarray(0, sizeBytes);
    return this;
  }

  [Symbol.dispose](): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}
