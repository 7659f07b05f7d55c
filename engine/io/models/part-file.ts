/**
 * What has come of a download. It outlives the process, so that the next one goes on where this one broke off.
 *
 * The name of a part says what the server called the content (its ETag), and which process writes it: parts of
 * processes that have ended belong to whoever renames them first.
 */
import { randomUUID } from 'node:crypto';
import { renameSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { undefinedIfMissing } from '../disk.ts';
import { isAlive, processIdentity } from '../process-identity.ts';

const nobody = '0 0';

/** Names of files end somewhere; longer ETags are not kept. */
const longestValidator = 120;

export class PartFile implements AsyncDisposable {
  readonly #folder: string;
  #path: string;
  #handle: FileHandle;
  #validator: string | undefined;
  #sizeBytes: number;

  private constructor(folder: string, path: string, handle: FileHandle, sizeBytes: number) {
    this.#folder = folder;
    this.#path = path;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
    this.#validator = parse(path)?.validator;
  }

  /**
   * A part that somebody has left in the folder, or else a new one.
   *
   * @param mayResume false if nobody could tell later whether the bytes of the two processes fit together
   */
  static async claim(folder: string, { mayResume }: { readonly mayResume: boolean }): Promise<PartFile> {
    await mkdir(folder, { recursive: true });
    for (const name of mayResume ? await readdir(folder) : []) {
      const left = parse(name);
      if (!left || isAlive(left.owner)) continue;
      const own = join(folder, format({ validator: left.validator, owner: processIdentity() }));
      if (!isMoved(join(folder, name), own)) continue; // Another process has been faster.
      const handle = await open(own, 'r+');
      return new PartFile(folder, own, handle, (await handle.stat()).size);
    }
    const path = join(folder, format({ validator: undefined, owner: processIdentity() }));
    return new PartFile(folder, path, await open(path, 'wx+'), 0);
  }

  get path(): string {
    return this.#path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What the server has called the content; undefined if there is nothing to go on with. */
  get validator(): string | undefined {
    return this.#sizeBytes > 0 ? this.#validator : undefined;
  }

  /** Begins anew, with content that the server calls by another name. */
  async restart(validator?: string): Promise<void> {
    await this.#handle.truncate(0);
    this.#sizeBytes = 0;
    this.#validator = validator !== undefined && validator.length <= longestValidator ? validator : undefined;
    this.#rename(processIdentity());
  }

  async append(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await this.#handle.write(piece, done, piece.length - done, this.#sizeBytes);
      done += bytesWritten;
      this.#sizeBytes += bytesWritten;
    }
  }

  /** Makes it durable and read-only, and moves it to its place. */
  async moveTo(path: string): Promise<void> {
    await this.#handle.chmod(0o444);
    await this.#handle.datasync();
    renameSync(this.#path, path);
    this.#path = path;
    this.#sizeBytes = 0;
  }

  /** Leaves it to the next process, if that can go on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    if (this.validator !== undefined) this.#rename(nobody);
    else if (parse(this.#path)) await rm(this.#path, { force: true });
  }

  #rename(owner: string): void {
    const path = join(this.#folder, format({ validator: this.#validator, owner }));
    renameSync(this.#path, path);
    this.#path = path;
  }
}

interface PartName {
  readonly validator: string | undefined;
  readonly owner: string;
}

function format({ validator = '', owner }: PartName): string {
  return `${Buffer.from(validator).toString('base64url')}.${owner.replace(' ', '-')}.${randomUUID()}`;
}

function parse(path: string): PartName | undefined {
  const found = /(?:^|\/)([A-Za-z0-9_-]*)\.(\d+)-(\d*)\.[0-9a-f-]{36}$/.exec(path);
  if (!found) return undefined;
  const validator = Buffer.from(found[1]!, 'base64url').toString() || undefined;
  return { validator, owner: `${found[2]} ${found[3]}` };
}

function isMoved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    undefinedIfMissing(error as NodeJS.ErrnoException);
    return false;
  }
}
