/** A disk in memory, and one that breaks at a call of your choice: for tests of what uses a disk. */
import { dirname } from 'node:path';
import type { CreateOptions, Disk } from '../../engine/io/disk.ts';

export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path)?.slice();
  }

  async create(path: string, content: Uint8Array, _options: CreateOptions): Promise<void> {
    if (this.files.has(path)) throw Object.assign(new Error('file exists'), { code: 'EEXIST' });
    this.files.set(path, content.slice());
  }

  async rename(from: string, to: string): Promise<void> {
    const content = this.files.get(from);
    if (!content) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    this.files.delete(from);
    this.files.set(to, content);
  }

  async clone(from: string, to: string): Promise<'copy'> {
    await this.create(to, this.files.get(from)!, { isDurable: false, mode: 0o644 });
    return 'copy';
  }

  async remove(path: string): Promise<void> {
    for (const name of this.files.keys())
      if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }

  async sizeOf(path: string): Promise<number | undefined> {
    return this.files.get(path)?.length;
  }

  append(path: string, text: string): number {
    const before = Buffer.from(this.files.get(path) ?? []);
    const isTorn = before.length > 0 && before.at(-1) !== 0x0a;
    const after = Buffer.concat([before, Buffer.from(isTorn ? `\n${text}` : text)]);
    this.files.set(path, after);
    return after.length;
  }

  async sync(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    return [...this.files.keys()].filter((name) => dirname(name) === path);
  }
}

export class InjectedFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: injected`);
    this.code = code;
  }
}

export interface FaultOptions {
  readonly code?: 'EIO' | 'ENOSPC';
  /** Only that call breaks; else from then on all of them do, as if the machine had died there. */
  readonly isOnce?: boolean;
  /** Counts and breaks only what puts something on the disk. */
  readonly isOfWrites?: boolean;
}

/** Breaks at one call. A broken write leaves half. */
export class FaultyDisk implements Disk {
  readonly #disk: Disk;
  readonly #failAt: number;
  readonly #options: FaultOptions;
  #calls = 0;

  constructor(disk: Disk, failAt: number, options: FaultOptions = {}) {
    this.#disk = disk;
    this.#failAt = failAt;
    this.#options = options;
  }

  get hasFired(): boolean {
    return this.#calls >= this.#failAt;
  }

  #strikes(): boolean {
    this.#calls += 1;
    return this.#options.isOnce ? this.#calls === this.#failAt : this.#calls >= this.#failAt;
  }

  get #fault(): InjectedFault {
    return new InjectedFault(this.#options.code ?? 'EIO');
  }

  async #unlessStruck<T>(work: () => Promise<T>): Promise<T> {
    if (this.#strikes()) throw this.#fault;
    return work();
  }

  async #unlessReadStruck<T>(work: () => Promise<T>): Promise<T> {
    return this.#options.isOfWrites ? work() : this.#unlessStruck(work);
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#unlessReadStruck(() => this.#disk.read(path));
  }

  async create(path: string, content: Uint8Array, options: CreateOptions): Promise<void> {
    if (!this.#strikes()) return this.#disk.create(path, content, options);
    await this.#disk.create(path, content.subarray(0, content.length >> 1), options);
    throw this.#fault;
  }

  rename(from: string, to: string): Promise<void> {
    return this.#unlessStruck(() => this.#disk.rename(from, to));
  }

  clone(from: string, to: string): Promise<'reflink' | 'hardlink' | 'copy'> {
    return this.#unlessStruck(() => this.#disk.clone(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#unlessReadStruck(() => this.#disk.remove(path));
  }

  sizeOf(path: string): Promise<number | undefined> {
    return this.#unlessReadStruck(() => this.#disk.sizeOf(path));
  }

  append(path: string, text: string): number {
    if (!this.#strikes()) return this.#disk.append(path, text);
    this.#disk.append(path, text.slice(0, text.length >> 1));
    throw this.#fault;
  }

  sync(path: string): Promise<void> {
    return this.#unlessStruck(() => this.#disk.sync(path));
  }

  list(path: string): Promise<string[]> {
    return this.#unlessReadStruck(() => this.#disk.list(path));
  }
}
