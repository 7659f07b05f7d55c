/** Files that are read and written in pieces, at any place: for content that is larger than memory should be. */
import { writeSync } from 'node:fs';
import { chmod, type FileHandle, open } from 'node:fs/promises';
import { inFolder, undefinedIfMissing } from './disk.ts';

export interface OpenFile extends AsyncDisposable {
  /** When it was opened. */
  readonly sizeBytes: number;
  /** Fills `into` with what begins at `at`. @returns how many bytes it got: fewer only at the file's end */
  read(into: Uint8Array, at: number): Promise<number>;
  write(content: Uint8Array, at: number): Promise<void>;
  /** From now on it is read-only to whoever opens it by its path. */
  seal(): Promise<void>;
}

/** A seam: tests put a full disk in its place. */
export interface OpenFiles {
  /** Undefined if there is no such file. */
  toRead(path: string): Promise<OpenFile | undefined>;
  /** A file that is not there is made, with its folder; one that was sealed can be written again. */
  toUpdate(path: string): Promise<OpenFile>;
}

export const realFiles: OpenFiles = {
  async toRead(path) {
    const handle = await open(path, 'r').catch(undefinedIfMissing);
    return handle && opened(handle);
  },

  async toUpdate(path) {
    const existing = await reopened(path).catch(undefinedIfMissing);
    return opened(existing ?? (await inFolder(path, () => open(path, 'wx+', 0o644))));
  },
};

/** Its last writer may have been killed just after he had sealed it. */
async function reopened(path: string): Promise<FileHandle> {
  await chmod(path, 0o644);
  return open(path, 'r+');
}

async function opened(handle: FileHandle): Promise<OpenFile> {
  try {
    return new RealFile(handle, (await handle.stat()).size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What a socket gives at a time. To hand so little to another thread takes three times as long as to write it. */
const shortBytes = 64 * 1024;

class RealFile implements OpenFile {
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(content: Uint8Array, at: number): Promise<void> {
    const isShort = content.length <= shortBytes;
    for (let done = 0; done < content.length; ) {
      const rest = [done, content.length - done, at + done] as const;
      done += isShort
        ? writeSync(this.#handle.fd, content, ...rest)
        : (await this.#handle.write(content, ...rest)).bytesWritten;
    }
  }

  async seal(): Promise<void> {
    await this.#handle.chmod(0o444);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
