/** The bytes of a large object as far as they have come, each piece in its place. */
import type { OpenFile, OpenFiles } from '../../engine/io/open-file.ts';
import { pieceBytes } from './buffer-pool.ts';
import type { BegunDownload, Transfers } from './transfers.ts';

export class PartFile implements AsyncDisposable {
  readonly begun: BegunDownload;
  readonly #file: OpenFile;
  readonly #transfers: Transfers;
  readonly #pieces: Set<number>;

  private constructor(begun: BegunDownload, file: OpenFile, transfers: Transfers) {
    this.begun = begun;
    this.#file = file;
    this.#transfers = transfers;
    this.#pieces = transfers.pieces(begun.path);
  }

  static async open(begun: BegunDownload, files: OpenFiles, transfers: Transfers): Promise<PartFile> {
    return new PartFile(begun, await files.toUpdate(begun.path), transfers);
  }

  get pieceCount(): number {
    return Math.ceil(this.begun.sizeBytes / pieceBytes);
  }

  /** From 0. */
  placeOf(piece: number): { readonly from: number; readonly sizeBytes: number } {
    const from = piece * pieceBytes;
    return { from, sizeBytes: Math.min(pieceBytes, this.begun.sizeBytes - from) };
  }

  /** @returns false if the piece has not come yet */
  async read(piece: number, into: Uint8Array): Promise<boolean> {
    if (!this.#pieces.has(piece)) return false;
    return (await this.#file.read(into, this.placeOf(piece).from)) === into.length;
  }

  async keep(piece: number, content: Uint8Array): Promise<void> {
    await this.#file.write(content, this.placeOf(piece).from);
    this.#transfers.notePiece(this.begun.path, piece);
  }

  seal(): Promise<void> {
    return this.#file.seal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
