/** Keeps what was fetched and is not what it should be, for a person to look at: a few files, and not many bytes. */
import { join } from 'node:path';
import { type Digest, hexOf } from '../../engine/core/digest.ts';
import { type Disk, temporaryBeside } from '../../engine/io/disk.ts';
import { type FoundFile, listFiles } from '../../engine/io/list-files.ts';

const mostFiles = 16;
const mostBytes = 2 ** 30;

export class Quarantine {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, cacheFolder: string) {
    this.#disk = disk;
    this.#folder = join(cacheFolder, 'quarantine');
  }

  /** Moves a file there. Nothing of it stays where it was. */
  async take(digest: Digest, path: string): Promise<void> {
    try {
      const isTooLarge = ((await this.#disk.sizeOf(path)) ?? 0) > mostBytes;
      if (!isTooLarge) await this.#disk.rename(path, this.#placeOf(digest));
      await this.#shrink();
    } catch {
      // A full disk or a folder that is not ours: what was fetched is bad all the same, and that is what has to be told.
    }
    await this.#disk.remove(path);
  }

  async keep(digest: Digest, content: Uint8Array): Promise<void> {
    const temporary = temporaryBeside(this.#placeOf(digest));
    await this.#disk.create(temporary, content, { isDurable: false, mode: 0o444 }).catch(() => undefined); // As above.
    await this.take(digest, temporary);
  }

  #placeOf(digest: Digest): string {
    return join(this.#folder, hexOf(digest));
  }

  /** The oldest go. */
  async #shrink(): Promise<void> {
    const files: FoundFile[] = [];
    for await (const file of listFiles(this.#folder)) files.push(file);
    let bytes = 0;
    const newestFirst = files.sort((a, b) => b.modifiedAtMs - a.modifiedAtMs);
    for (const [index, { path, sizeBytes }] of newestFirst.entries()) {
      bytes += sizeBytes;
      if (index >= mostFiles || bytes > mostBytes) await this.#disk.remove(path);
    }
  }
}
