/**
 * The files of models on this machine, by their SHA-256: `sha256/ab/abcdef…`, read-only, for all workspaces.
 *
 * A file is trusted as long as its state is the one that it had when it was read (see file-index.ts).
 */
import { createHash } from 'node:crypto';
import { constants, mkdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, RealDisk, temporaryBeside } from '../disk.ts';
import { IndexOf } from '../file-index.ts';
import { fileState } from '../file-state.ts';
import { type FoundFile, listFiles } from '../list-files.ts';
import { sha256OfFile } from './sha256-of-file.ts';

export interface WeightFilesSetting {
  readonly folder: string;
  /** Told once of each thing that is wrong with what is remembered of files; it costs time, nothing else. */
  readonly onTrouble: (message: string) => void;
}

/** A file whose digest is known to hold. */
export interface WeightFile {
  readonly path: string;
  readonly sha256: string;
}

export class WeightFiles implements Disposable {
  readonly folder: string;
  readonly #onTrouble: (message: string) => void;
  readonly #disk: Disk = new RealDisk();
  #opened: IndexOf<string> | undefined;

  constructor({ folder, onTrouble }: WeightFilesSetting) {
    this.folder = folder;
    this.#onTrouble = onTrouble;
  }

  pathOf(sha256: string): string {
    return join(this.folder, 'sha256', sha256.slice(0, 2), sha256);
  }

  /** True if there is a file of that name, whatever is in it. */
  has(sha256: string): boolean {
    return fileState(this.pathOf(sha256)) !== undefined;
  }

  /** Reads a file that has changed since it was last read. @throws {FlowError} `input_not_found`, `input_unreadable` */
  async digestOf(path: string): Promise<string> {
    const digest = await this.#index.digestOf(path);
    this.#index.flush();
    return digest;
  }

  /** Takes in a copy of a file. @returns its digest */
  async add(path: string): Promise<string> {
    const temporary = temporaryBeside(join(this.folder, 'sha256', 'new'));
    await mkdir(dirname(temporary), { recursive: true });
    try {
      // Never a hard link: whoever writes to the original would change the store.
      await copyFile(path, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      const sha256 = await sha256OfFile(temporary);
      await this.#keep(temporary, sha256);
      return sha256;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #keep(temporary: string, sha256: string): Promise<void> {
    const place = this.pathOf(sha256);
    await mkdir(dirname(place), { recursive: true });
    await chmod(temporary, 0o444);
    await this.#disk.sync(temporary);
    await rename(temporary, place);
  }

  /** Where the part of a download comes to lie once its digest is known. */
  async placeFor(sha256: string): Promise<string> {
    const place = this.pathOf(sha256);
    await mkdir(dirname(place), { recursive: true });
    return place;
  }

  /** Where downloads from a URL are kept as long as they are not whole. */
  partsOf(url: string): string {
    return join(this.folder, 'parts', createHash('sha256').update(url).digest('hex').slice(0, 32));
  }

  /** A folder in which files lie side by side under the names that a graph has for them. @param files by those names */
  async together(files: ReadonlyMap<string, WeightFile>): Promise<string> {
    const rows = [...files].map(([name, { sha256 }]) => [name, sha256]).sort();
    const place = join(this.folder, 'sets', createHash('sha256').update(JSON.stringify(rows)).digest('hex'));
    if (await this.#isWhole(place, files)) return place;
    const temporary = temporaryBeside(place);
    try {
      for (const [name, { path }] of files) await this.#disk.clone(path, join(temporary, name));
      await rm(place, { recursive: true, force: true });
      await rename(temporary, place);
    } catch (error) {
      if (!(await this.#isWhole(place, files))) throw error; // Another process may have made it meanwhile.
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return place;
  }

  async #isWhole(place: string, files: ReadonlyMap<string, WeightFile>): Promise<boolean> {
    for (const [name, { sha256 }] of files) {
      const path = join(place, name);
      if (fileState(path) === undefined || (await this.digestOf(path)) !== sha256) return false;
    }
    return true;
  }

  /** All files of the store; their names are the digests that they should have. */
  async list(): Promise<readonly FoundFile[]> {
    const files = await Array.fromAsync(listFiles(join(this.folder, 'sha256')));
    return files.filter(({ name, path }) => /^[0-9a-f]{64}$/.test(name) && path === this.pathOf(name));
  }

  /** Removes files, and the folders in which they lay side by side: those are made again when they are wanted. */
  async remove(digests: Iterable<string>): Promise<void> {
    for (const sha256 of digests) await rm(this.pathOf(sha256), { force: true });
    await rm(join(this.folder, 'sets'), { recursive: true, force: true });
  }

  /** Throws away what has come of downloads that did not end. */
  async removeParts(): Promise<void> {
    await rm(join(this.folder, 'parts'), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  get #index(): IndexOf<string> {
    this.#opened ??= this.#openIndex();
    return this.#opened;
  }

  #openIndex(): IndexOf<string> {
    try {
      mkdirSync(this.folder, { recursive: true });
    } catch {
      // The index tells what is wrong with the place, and keeps in memory what it would hold.
    }
    return new IndexOf({
      path: join(this.folder, 'files.db'),
      onTrouble: this.#onTrouble,
      hash: (path, _sizeBytes, onPiece) => sha256OfFile(path, onPiece),
    });
  }
}
