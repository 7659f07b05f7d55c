/** The bytes of a large object as far as they have come, each in its place. Which are there is noted piece by piece. */
import type { OpenFile, OpenFiles } from '../../engine/io/open-file.ts';
import { BadBlob } from './bad-blob.ts';
import type { BegunDownload, Transfers } from './transfers.ts';

const pieceBytes = 8 * 2 ** 20;
const readBytes = 2 ** 20;

export class PartFile implements AsyncDisposable {
  readonly begun: BegunDownload;
  readonly #file: OpenFile;
  readonly #transfers: Transfers;
  readonly #pieces: Set<number>;

  private constructor(begun: BegunDownload, file: OpenFile, transfers: Transfers) {
    this.begun = begun;
    this.#file = file;
    this.#transfers = transfers;
    const pieces = [...transfers.pieces(begun.path)];
    this.#pieces = new Set(pieces.filter((piece) => this.#endOf(piece) <= file.sizeBytes)); // A power cut may take bytes.
  }

  static async open(begun: BegunDownload, files: OpenFiles, transfers: Transfers): Promise<PartFile> {
    return new PartFile(begun, await files.toUpdate(begun.path), transfers);
  }

  /**
   * What has come of a range, up to the first piece that has not; each part of it is good until the next is asked for.
   *
   * @param from where a piece begins
   * @param to where one ends
   * @returns where it ends
   * @throws {BadBlob} if somebody else has cut the file
   */
  async *read(from: number, to: number): AsyncGenerator<Uint8Array, number> {
    let at = from;
    while (at < to && this.#pieces.has(at / pieceBytes)) {
      const end = Math.min(at + pieceBytes, to);
      const buffer = Buffer.allocUnsafe(Math.min(readBytes, end - at));
      while (at < end) {
        const wanted = buffer.subarray(0, end - at);
        if ((await this.#file.read(wanted, at)) < wanted.length)
          throw new BadBlob('what had come of it has been cut off');
        yield wanted;
        at += wanted.length;
      }
    }
    return at;
  }

  /** @param at where the last write has ended, or a piece begins */
  async write(bytes: Uint8Array, at: number): Promise<void> {
    await this.#file.write(bytes, at);
    const end = at + bytes.length;
    const first = Math.floor(at / pieceBytes);
    for (let piece = first; piece * pieceBytes < end && this.#endOf(piece) <= end; piece += 1) {
      this.#pieces.add(piece);
      this.#transfers.notePiece(this.begun.path, piece);
    }
  }

  #endOf(piece: number): number {
    return Math.min((piece + 1) * pieceBytes, this.begun.sizeBytes);
  }

  seal(): Promise<void> {
    return this.#file.seal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
