/** What the stores that look on have in common: each sees every request begin, be answered and end, and changes none. */
import type {
  FetchedObject,
  GetOptions,
  ListedObject,
  ObjectFacts,
  PutOptions,
  PutOutcome,
  UploadedPart,
} from './object-store.ts';
import { type ListedPage, listByPages, type PagedObjects } from './paged-objects.ts';

/** One request to the server each. */
export type RequestName = Exclude<keyof PagedObjects, 'list'>;

export interface ObjectRequest {
  readonly name: RequestName;
  /** Content that is sent along; bytes. */
  readonly sentBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request under way, as the one who looks on wants to hear of it. */
export interface Exchange {
  /** The server has answered; of a `get`, the body follows. */
  answered?(): void;
  received?(bytes: number): void;
  /** It is over, body included: told once, without an error also where the reader left in the middle. */
  ended(error?: unknown): void;
}

export abstract class ObservedObjects implements PagedObjects {
  readonly #inner: PagedObjects;

  constructor(inner: PagedObjects) {
    this.#inner = inner;
  }

  /** Settles when the request may be sent. @throws where it may not */
  protected abstract begin(request: ObjectRequest): Exchange | Promise<Exchange>;

  async get(key: string, options?: GetOptions): Promise<FetchedObject | undefined> {
    const exchange = await this.begin({ name: 'get', sentBytes: 0, signal: options?.signal });
    const fetched = await answerTo(exchange, () => this.#inner.get(key, options));
    if (fetched) return { ...fetched, body: ObservedBody.of(fetched.body, exchange) };
    exchange.ended();
    return undefined;
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#exchange({ name: 'head' }, () => this.#inner.head(key));
  }

  put(key: string, content: Uint8Array, options?: PutOptions): Promise<PutOutcome> {
    const request = { name: 'put', content, signal: options?.signal } as const;
    return this.#exchange(request, () => this.#inner.put(key, content, options));
  }

  delete(key: string): Promise<void> {
    return this.#exchange({ name: 'delete' }, () => this.#inner.delete(key));
  }

  list(beginning: string): AsyncIterable<ListedObject> {
    return listByPages(this, beginning);
  }

  listPage(beginning: string, after: string): Promise<ListedPage> {
    return this.#exchange({ name: 'listPage' }, () => this.#inner.listPage(beginning, after));
  }

  beginUpload(key: string, options?: Pick<PutOptions, 'notes'>): Promise<string> {
    return this.#exchange({ name: 'beginUpload' }, () => this.#inner.beginUpload(key, options));
  }

  putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    const request = { name: 'putPart', content, signal } as const;
    return this.#exchange(request, () => this.#inner.putPart(key, upload, part, content, signal));
  }

  listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    return this.#exchange({ name: 'listParts' }, () => this.#inner.listParts(key, upload));
  }

  finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#exchange({ name: 'finishUpload' }, () => this.#inner.finishUpload(key, upload, parts));
  }

  abortUpload(key: string, upload: string): Promise<void> {
    return this.#exchange({ name: 'abortUpload' }, () => this.#inner.abortUpload(key, upload));
  }

  async #exchange<Answer>(
    { name, content, signal }: { name: RequestName; content?: Uint8Array; signal?: AbortSignal | undefined },
    send: () => Promise<Answer>,
  ): Promise<Answer> {
    const exchange = await this.begin({ name, sentBytes: content?.length ?? 0, signal });
    const answer = await answerTo(exchange, send);
    exchange.ended();
    return answer;
  }
}

async function answerTo<Answer>(exchange: Exchange, send: () => Promise<Answer>): Promise<Answer> {
  try {
    const answer = await send();
    exchange.answered?.();
    return answer;
  } catch (error) {
    exchange.ended(error);
    throw error;
  }
}

/** A body with all who look on, so that each piece is waited for once and not once for each of them. */
class ObservedBody implements AsyncIterable<Uint8Array> {
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #exchanges: readonly Exchange[];

  private constructor(body: AsyncIterable<Uint8Array>, exchanges: readonly Exchange[]) {
    this.#body = body;
    this.#exchanges = exchanges;
  }

  static of(body: AsyncIterable<Uint8Array>, exchange: Exchange): ObservedBody {
    return body instanceof ObservedBody
      ? new ObservedBody(body.#body, [...body.#exchanges, exchange])
      : new ObservedBody(body, [exchange]);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let failure: unknown;
    try {
      for await (const piece of this.#body) {
        for (const exchange of this.#exchanges) exchange.received?.(piece.length);
        yield piece;
      }
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      for (const exchange of this.#exchanges) exchange.ended(failure);
    }
  }
}
