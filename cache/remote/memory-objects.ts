/** A server of objects in memory, for tests: as S3 does it, in what can be seen from outside. */
import { createHash, randomUUID } from 'node:crypto';
import {
  type FetchedObject,
  type GetOptions,
  type ListedObject,
  type ObjectFacts,
  type PutOptions,
  type PutOutcome,
  RemoteError,
  type UploadedPart,
} from './object-store.ts';
import { type ListedPage, listByPages, type PagedObjects } from './paged-objects.ts';

export interface MemoryServer {
  /** What it makes of conditional writes: keeps to them, answers 501, or writes all the same as if nothing were said. */
  readonly conditions?: 'kept' | 'unsupported' | 'ignored';
  /** Objects on a page of a list. */
  readonly pageLength?: number;
  /** Least size of every part but the last; bytes. */
  readonly minPartBytes?: number;
  /** The server's clock; milliseconds since 1970. */
  readonly now?: () => number;
}

interface Kept extends ObjectFacts {
  readonly content: Uint8Array;
}

interface Upload {
  readonly key: string;
  readonly notes: Readonly<Record<string, string>>;
  readonly parts: Map<number, UploadedPart & { readonly content: Uint8Array }>;
}

/** Bodies come in pieces of this size, so that they can break off in between; bytes. */
const pieceBytes = 64 * 1024;

export class MemoryObjects implements PagedObjects {
  /** For tests that look behind the scenes, damage what is kept, or let it grow old. */
  readonly kept = new Map<string, Kept>();
  readonly #uploads = new Map<string, Upload>();
  readonly #server: Required<MemoryServer>;

  constructor(server: MemoryServer = {}) {
    this.#server = {
      conditions: 'kept',
      pageLength: 1000,
      minPartBytes: 5 * 2 ** 20,
      now: Date.now,
      ...server,
    };
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<FetchedObject | undefined> {
    signal?.throwIfAborted();
    const kept = this.kept.get(key);
    if (!kept) return undefined;
    const { content, ...facts } = kept;
    return { ...facts, body: pieces(range ? content.subarray(range.from, range.to) : content, signal) };
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const { content: _, ...facts } = this.kept.get(key) ?? {};
    return 'etag' in facts ? facts : undefined;
  }

  async put(key: string, content: Uint8Array, options: PutOptions = {}): Promise<PutOutcome> {
    options.signal?.throwIfAborted();
    if (!this.#admits(key, options.onlyIf)) return { isWritten: false };
    const etag = md5(content);
    this.#keep(key, { content: new Uint8Array(content), etag, notes: options.notes ?? {} });
    return { isWritten: true, etag };
  }

  async delete(key: string): Promise<void> {
    this.kept.delete(key);
  }

  list(beginning: string): AsyncIterable<ListedObject> {
    return listByPages(this, beginning);
  }

  async listPage(beginning: string, after: string): Promise<ListedPage> {
    const keys = [...this.kept.keys()].filter((key) => key.startsWith(beginning) && key > after).sort();
    const objects = keys.slice(0, this.#server.pageLength).map((key) => {
      const { sizeBytes, etag, modifiedAtMs } = this.kept.get(key)!;
      return { key, sizeBytes, etag, modifiedAtMs };
    });
    return { objects, isLast: objects.length === keys.length };
  }

  async beginUpload(key: string, { notes = {} }: Pick<PutOptions, 'notes'> = {}): Promise<string> {
    const id = randomUUID();
    this.#uploads.set(id, { key, notes, parts: new Map() });
    return id;
  }

  async putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    signal?.throwIfAborted();
    const uploaded = { number: part, etag: md5(content), sizeBytes: content.length };
    this.#upload(key, upload).parts.set(part, { ...uploaded, content: new Uint8Array(content) });
    return uploaded;
  }

  async listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    if (this.#uploads.get(upload)?.key !== key) return undefined;
    return [...this.#upload(key, upload).parts.values()]
      .sort((a, b) => a.number - b.number)
      .map(({ number, etag, sizeBytes }) => ({ number, etag, sizeBytes }));
  }

  async finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    const { notes, parts: arrived } = this.#upload(key, upload);
    const contents = parts.map(({ number, etag }, index) => {
      const part = arrived.get(number);
      const isInOrder = index === 0 || parts[index - 1]!.number < number;
      if (part?.etag !== etag || !isInOrder) throw new RemoteError('invalid', 'No such part (InvalidPart).');
      const isTooSmall = index < parts.length - 1 && part.sizeBytes < this.#server.minPartBytes;
      if (isTooSmall) throw new RemoteError('invalid', 'A part is too small (EntityTooSmall).');
      return part.content;
    });
    if (parts.length === 0) throw new RemoteError('invalid', 'There are no parts (MalformedXML).');
    const sums = parts.map((part) => Buffer.from(part.etag, 'hex'));
    const etag = `${md5(Buffer.concat(sums))}-${parts.length}`;
    this.#keep(key, { content: new Uint8Array(Buffer.concat(contents)), etag, notes });
    this.#uploads.delete(upload);
  }

  async abortUpload(key: string, upload: string): Promise<void> {
    if (this.#uploads.get(upload)?.key === key) this.#uploads.delete(upload);
  }

  #admits(key: string, onlyIf: PutOptions['onlyIf']): boolean {
    const { conditions } = this.#server;
    if (onlyIf === undefined || conditions === 'ignored') return true;
    if (conditions === 'unsupported') throw new RemoteError('unsupported', 'Not implemented (501).');
    const etag = this.kept.get(key)?.etag;
    return onlyIf === 'absent' ? etag === undefined : etag === onlyIf.etag;
  }

  #keep(key: string, object: Pick<Kept, 'content' | 'etag' | 'notes'>): void {
    // S3 tells whole seconds.
    const modifiedAtMs = Math.floor(this.#server.now() / 1000) * 1000;
    this.kept.set(key, { ...object, modifiedAtMs, sizeBytes: object.content.length });
  }

  #upload(key: string, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.key === key) return upload;
    throw new RemoteError('invalid', 'There is no such upload (NoSuchUpload).');
  }
}

async function* pieces(content: Uint8Array, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) {
    signal?.throwIfAborted();
    yield content.slice(at, at + pieceBytes);
  }
}

function md5(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}
