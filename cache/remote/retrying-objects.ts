/** Asks again where that may help, a little later each time, and goes on with a body where it broke off. */
import { randomUUID } from 'node:crypto';
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

export interface Retries {
  /** The first one included. Fewer than open the circuit: a request that is wrong in itself says nothing of the server. */
  readonly attempts?: number;
  /** None begins later than this: a server that hangs is not asked as often as one that says no; milliseconds. */
  readonly patienceMs?: number;
  /** Time that never goes back; milliseconds. */
  readonly now: () => number;
  /** The pause before the second attempt is at most this long, before each further one twice as long. */
  readonly firstPauseMs?: number;
  readonly delay: (ms: number) => Promise<void>;
  /** From 0 to 1: which part of the longest pause is taken, so that many clients do not come back as one. */
  readonly random: () => number;
}

/** How often one body is asked for: what breaks off once and again is the server's way, not a moment's trouble. */
const bodyAttempts = 3;

/** By this note a conditional write knows itself again. */
const writeNote = 'flow-write';

export class RetryingObjects implements PagedObjects {
  readonly #inner: PagedObjects;
  readonly #retries: Required<Retries>;

  constructor(inner: PagedObjects, retries: Retries) {
    this.#inner = inner;
    this.#retries = { attempts: 4, patienceMs: 8000, firstPauseMs: 100, ...retries };
  }

  async get(key: string, options: GetOptions = {}): Promise<FetchedObject | undefined> {
    const fetched = await this.#retried(() => this.#inner.get(key, options), options);
    return fetched && { ...fetched, body: this.#resumed(key, options, fetched) };
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#retried(() => this.#inner.head(key));
  }

  /**
   * A conditional write whose answer got lost may have been done; then the next attempt is refused by what this very
   * write has left. So each carries a name of its own, and a refusal after a lost answer is believed only if the object
   * does not have it. Where every attempt fails, nobody knows: the caller has to look.
   */
  async put(key: string, content: Uint8Array, options: PutOptions = {}): Promise<PutOutcome> {
    if (options.onlyIf === undefined)
      return this.#retried(() => this.#inner.put(key, content, options), options);
    const write = randomUUID();
    const named = { ...options, notes: { ...options.notes, [writeNote]: write } };
    let wasLost = false;
    const onFailure = (): void => {
      wasLost = true;
    };
    const outcome = await this.#retried(() => this.#inner.put(key, content, named), {
      ...options,
      onFailure,
    });
    if (outcome.isWritten || !wasLost) return outcome;
    const there = await this.head(key);
    return there?.notes[writeNote] === write ? { isWritten: true, etag: there.etag } : outcome;
  }

  delete(key: string): Promise<void> {
    return this.#retried(() => this.#inner.delete(key));
  }

  list(beginning: string): AsyncIterable<ListedObject> {
    return listByPages(this, beginning);
  }

  listPage(beginning: string, after: string): Promise<ListedPage> {
    return this.#retried(() => this.#inner.listPage(beginning, after));
  }

  beginUpload(key: string, options?: Pick<PutOptions, 'notes'>): Promise<string> {
    return this.#retried(() => this.#inner.beginUpload(key, options));
  }

  putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#retried(() => this.#inner.putPart(key, upload, part, content, signal), { signal });
  }

  listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    return this.#retried(() => this.#inner.listParts(key, upload));
  }

  /** An upload that was finished is gone: after a lost answer, an object of the right size says that all is well. */
  async finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    let wasLost = false;
    const onFailure = (): void => {
      wasLost = true;
    };
    try {
      await this.#retried(() => this.#inner.finishUpload(key, upload, parts), { onFailure });
    } catch (error) {
      // Servers tell of an upload that is gone in many ways, some as an error of their own.
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      if (!wasLost || (await this.head(key))?.sizeBytes !== sizeBytes) throw error;
    }
  }

  abortUpload(key: string, upload: string): Promise<void> {
    return this.#retried(() => this.#inner.abortUpload(key, upload));
  }

  async *#resumed(key: string, options: GetOptions, first: FetchedObject): AsyncGenerator<Uint8Array> {
    const to = Math.min(options.range?.to ?? first.sizeBytes, first.sizeBytes);
    let from = options.range?.from ?? 0;
    let { body } = first;
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const piece of body) {
          from += piece.length;
          yield piece;
        }
        return;
      } catch (error) {
        if (attempt === bodyAttempts) throw error;
        await this.#pause({ attempt, sinceMs: this.#retries.now() }, error, options.signal);
        const again = await this.#retried(
          () => this.#inner.get(key, { ...options, range: { from, to } }),
          options,
        );
        if (again?.etag !== first.etag) throw error; // Somebody has replaced it: the two do not fit together.
        body = again.body;
      }
    }
  }

  async #retried<Answer>(
    send: () => Promise<Answer>,
    { signal, onFailure }: { signal?: AbortSignal | undefined; onFailure?: () => void } = {},
  ): Promise<Answer> {
    const sinceMs = this.#retries.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send();
      } catch (error) {
        await this.#pause({ attempt, sinceMs }, error, signal);
        onFailure?.();
      }
    }
  }

  /** Settles when it is time for the next attempt. @throws the error, if there shall be none */
  async #pause(
    { attempt, sinceMs }: { attempt: number; sinceMs: number },
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { attempts, patienceMs, firstPauseMs, now, delay, random } = this.#retries;
    const isOver = attempt >= attempts || now() - sinceMs >= patienceMs;
    if (!(error instanceof RemoteError && error.isTransient) || isOver) throw error;
    await delay(random() * firstPauseMs * 2 ** (attempt - 1));
    signal?.throwIfAborted();
  }
}
