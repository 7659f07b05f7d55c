/** Reads on and on from an object; where the connection breaks it goes on from there. */
import { BadBlob } from './bad-blob.ts';
import { type FetchedObject, type ObjectStore, RemoteError } from './object-store.ts';

/** While an object was read it has become another one, or none. */
export class ObjectChanged extends Error {
  constructor() {
    super('it changes while it is read');
    this.name = 'ObjectChanged';
  }
}

export interface WantedRange {
  readonly key: string;
  readonly etag: string;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What has been asked for already: its body is the range. */
  readonly opened?: FetchedObject | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How often one read may break off. */
const mostBreaks = 8;
/** One that has brought nothing counts as so many: it is tried once more, and no oftener. */
const emptyBreaks = mostBreaks / 2;

const nothing: Uint8Array = new Uint8Array();

export class ObjectReader implements AsyncDisposable {
  readonly #objects: ObjectStore;
  readonly #wanted: WantedRange;
  #body: AsyncIterator<Uint8Array> | undefined;
  /** What has come and was not read yet. */
  #rest = nothing;
  #at: number;

  constructor(objects: ObjectStore, wanted: WantedRange) {
    this.#objects = objects;
    this.#wanted = wanted;
    this.#at = wanted.from;
    this.#body = wanted.opened?.body[Symbol.asyncIterator]();
  }

  /**
   * Fills a buffer with what comes next.
   *
   * @throws {RemoteError} if it breaks off too often
   * @throws {BadBlob} if there are fewer bytes than that, or more than the range has
   * @throws {ObjectChanged}
   */
  async read(into: Uint8Array): Promise<void> {
    let done = 0;
    for (let breaks = 0; done < into.length; ) {
      const { read, error } = await this.#fill(into.subarray(done));
      done += read;
      if (done === into.length) break;
      this.#wanted.signal?.throwIfAborted();
      breaks += read === 0 ? emptyBreaks : 1;
      if (breaks >= mostBreaks || error?.isTransient === false)
        throw error ?? new BadBlob(`it ends after ${this.#at} bytes`);
    }
    if (this.#at === this.#wanted.to) await this.#end();
  }

  /** @returns how much came, and what broke it off */
  async #fill(into: Uint8Array): Promise<{ read: number; error?: RemoteError }> {
    let read = 0;
    try {
      while (read < into.length && (await this.#hasMore())) {
        const some = this.#rest.subarray(0, into.length - read);
        into.set(some, read);
        this.#rest = this.#rest.subarray(some.length);
        read += some.length;
        this.#at += some.length;
      }
      return { read };
    } catch (error) {
      this.#body = undefined;
      if (error instanceof RemoteError) return { read, error };
      throw error;
    }
  }

  async #hasMore(): Promise<boolean> {
    if (this.#rest.length > 0) return true;
    this.#body ??= (await this.#open()).body[Symbol.asyncIterator]();
    const next = await this.#body.next();
    if (next.done) this.#body = undefined;
    else this.#rest = next.value;
    return !next.done;
  }

  async #open(): Promise<FetchedObject> {
    const { key, etag, to, signal } = this.#wanted;
    const object = await this.#objects.get(key, { range: { from: this.#at, to }, ...(signal && { signal }) });
    if (!object) throw new ObjectChanged();
    if (object.etag === etag) return object;
    await discard(object);
    throw new ObjectChanged();
  }

  /** The request is over only when its body has ended. */
  async #end(): Promise<void> {
    const isMore = this.#rest.length > 0 || (await this.#body?.next().catch(endIfBroken))?.done === false;
    if (isMore) throw new BadBlob('it gives more bytes than were asked for');
    this.#body = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#body?.return?.().catch(endIfBroken);
  }
}

/** Ends the transfer of a body that nobody wants. */
export async function discard({ body }: FetchedObject): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next().catch(endIfBroken); // A generator that was never begun would not know that it has ended.
  await iterator.return?.().catch(endIfBroken);
}

/** What breaks off when all is there need not be ended. */
function endIfBroken(error: unknown): IteratorReturnResult<undefined> {
  if (error instanceof RemoteError) return { done: true, value: undefined };
  throw error;
}
