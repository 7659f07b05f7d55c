/** The file system, as far as stores and results need it: a seam, so that tests can break it at any call. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sharedBytes } from '../core/shared-bytes.ts';
import { processIdentity } from './process-identity.ts';

export interface CreateOptions {
  /** Returns only when the content would survive a loss of power. */
  readonly isDurable: boolean;
  readonly mode: number;
}

export interface Disk {
  /** The file's content in shared memory; undefined if there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Creates a file that did not exist; parent folders are made. */
  create(path: string, content: Uint8Array, options: CreateOptions): Promise<void>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Makes `to` a file of the same content that did not exist, as cheaply as the file system can. */
  clone(from: string, to: string): Promise<'reflink' | 'hardlink' | 'copy'>;
  /** Removes a file or folder; nothing happens if it is not there. */
  remove(path: string): Promise<void>;
  /** Size in bytes, or undefined if there is no such file. */
  sizeOf(path: string): Promise<number | undefined>;
  /**
   * Adds lines to a file, which is made if it is not there; a last line that was cut off is ended first. What was
   * added outlives the process at once, and a loss of power after `sync`.
   *
   * @param text whole lines, each with its end
   * @returns length of the file afterwards; bytes
   */
  append(path: string, text: string): number;
  /** Settles when all of a file would survive a loss of power. */
  sync(path: string): Promise<void>;
  /** Names in a folder; none if there is no such folder. */
  list(path: string): Promise<string[]>;
}

/** Files of this size and above are shared by a hard link where the file system has no reflinks; smaller ones are copied. */
const hardLinkFromBytes = 4 * 2 ** 20;

export class RealDisk implements Disk {
  async read(path: string): Promise<Uint8Array | undefined> {
    const handle = await open(path, 'r').catch(undefinedIfMissing);
    if (!handle) return undefined;
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return undefined;
      const { size } = stats;
      const content = sharedBytes(size);
      for (let at = 0; at < size; ) {
        const { bytesRead } = await handle.read(content, at, size - at, at);
        if (bytesRead === 0) return content.subarray(0, at); // Cut while we read: its digest will tell.
        at += bytesRead;
      }
      return content;
    } finally {
      await handle.close();
    }
  }

  async create(path: string, content: Uint8Array, options: CreateOptions): Promise<void> {
    if (content.length <= syncBelowBytes && !options.isDurable)
      return createHere(path, content, options.mode);
    const handle = await inFolder(path, () => open(path, 'wx', options.mode));
    try {
      await handle.writeFile(content);
      if (options.isDurable) await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await inFolder(to, async () => renameSync(from, to));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
      await rm(to, { recursive: true, force: true }); // A folder stands where the file belongs.
      renameSync(from, to);
    }
  }

  async clone(from: string, to: string): Promise<'reflink' | 'hardlink' | 'copy'> {
    await mkdir(dirname(to), { recursive: true });
    try {
      await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
      return 'reflink';
    } catch {
      await rm(to, { force: true }); // Not this file system, or not this pair of them: the next best way.
    }
    if ((await stat(from)).size >= hardLinkFromBytes) {
      const isLinked = await link(from, to).then(
        () => true,
        () => false,
      );
      if (isLinked) return 'hardlink';
    }
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await chmod(to, 0o644);
    return 'copy';
  }

  append(path: string, text: string): number {
    const descriptor = openLog(path);
    try {
      const { size } = fstatSync(descriptor);
      const bytes = Buffer.from(endsInLine(descriptor, size) ? text : `\n${text}`);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      return size + bytes.length;
    } finally {
      closeSync(descriptor);
    }
  }

  async sync(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true, recursive: true });
  }

  async sizeOf(path: string): Promise<number | undefined> {
    try {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() ? stats.size : undefined;
    } catch (error) {
      return undefinedIfMissing(error as NodeJS.ErrnoException);
    }
  }

  async list(path: string): Promise<string[]> {
    return (await readdir(path).catch(undefinedIfMissing)) ?? [];
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a+', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a+', 0o644);
  }
}

const lineEnd = 0x0a;

function endsInLine(descriptor: number, sizeBytes: number): boolean {
  if (sizeBytes === 0) return true;
  const byte = new Uint8Array(1);
  readSync(descriptor, byte, 0, 1, sizeBytes - 1);
  return byte[0] === lineEnd;
}

/** Three system calls in this thread take less time than their way through the thread pool. */
const syncBelowBytes = 64 * 1024;

async function createHere(path: string, content: Uint8Array, mode: number): Promise<void> {
  const descriptor = await inFolder(path, async () => openSync(path, 'wx', mode));
  try {
    for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
  } finally {
    closeSync(descriptor);
  }
}

/** Does something in a folder, which is made if it turns out to be missing. */
export async function inFolder<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return action();
  }
}

/** What a call gives instead of its error where there is no such file. */
export function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  // ELOOP: a link that leads nowhere, as those that name no file do.
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return undefined;
  throw error;
}

/** A name beside `path` that nobody else uses, and that tells which process left it behind. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.tmp-${own.replace(' ', '-')}-${randomUUID()}`);
}

const own = processIdentity();

/** The identity of the process that a temporary file belongs to; undefined for any other path. */
export function ownerOfTemporary(path: string): string | undefined {
  const found = /^\.tmp-(\d+)-(\d*)-[0-9a-f-]{36}$/.exec(basename(path));
  return found ? `${found[1]} ${found[2]}` : undefined;
}

/** Writes a file so that readers see the old content or the new, never a mixture, whenever the writer dies. */
export async function writeAtomically(disk: Disk, path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const temporary = temporaryBeside(path);
  try {
    await disk.create(temporary, bytes, { isDurable: false, mode: 0o644 });
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined); // The first error is the one to tell.
    throw error;
  }
}
