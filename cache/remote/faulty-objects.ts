/** A store that fails on purpose, for the tests of everything that uses one. */
import {
  type FetchedObject,
  type GetOptions,
  type ListedObject,
  type ObjectFacts,
  type PutOptions,
  type PutOutcome,
  RemoteError,
  type RemoteFault,
  type UploadedPart,
} from './object-store.ts';
import type { RequestName } from './observed-objects.ts';
import { type ListedPage, listByPages, type PagedObjects } from './paged-objects.ts';

export interface ObjectCall {
  readonly name: RequestName;
  /** Of the object, or what a list's keys begin with. */
  readonly key: string;
  /** From 1, over all calls. */
  readonly count: number;
}

export interface ObjectFault {
  readonly isHit: (call: ObjectCall) => boolean;
  /**
   * `refuse`: fails and does nothing; `lose`: does as asked, then fails all the same; `wait`: does as asked when the
   * promise settles. Of a `get`: `cut`: half of the body, then a broken connection; `short`: half of the body as if that
   * were all; `flip`: a bit is wrong; `swap`: another content of the same object; `etag`: a wrong etag, of `head` too.
   */
  readonly effect:
    | { readonly refuse: RemoteFault }
    | { readonly lose: RemoteFault }
    | { readonly wait: Promise<unknown> }
    | { readonly swap: Uint8Array }
    | 'cut'
    | 'short'
    | 'flip'
    | 'etag';
}

export class FaultyObjects implements PagedObjects {
  readonly #inner: PagedObjects;
  readonly #fault: ObjectFault;
  /** All calls so far, in their order. */
  readonly calls: ObjectCall[] = [];

  constructor(inner: PagedObjects, fault: ObjectFault) {
    this.#inner = inner;
    this.#fault = fault;
  }

  get(key: string, options?: GetOptions): Promise<FetchedObject | undefined> {
    return this.#call('get', key, async (isStruck) => {
      const fetched = await this.#inner.get(key, options);
      return fetched && isStruck ? damaged(fetched, this.#fault.effect) : fetched;
    });
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#call('head', key, async (isStruck) => {
      const facts = await this.#inner.head(key);
      return facts && isStruck && this.#fault.effect === 'etag' ? { ...facts, etag: wrongEtag } : facts;
    });
  }

  put(key: string, content: Uint8Array, options?: PutOptions): Promise<PutOutcome> {
    return this.#call('put', key, () => this.#inner.put(key, content, options));
  }

  delete(key: string): Promise<void> {
    return this.#call('delete', key, () => this.#inner.delete(key));
  }

  list(beginning: string): AsyncIterable<ListedObject> {
    return listByPages(this, beginning);
  }

  listPage(beginning: string, after: string): Promise<ListedPage> {
    return this.#call('listPage', beginning, () => this.#inner.listPage(beginning, after));
  }

  beginUpload(key: string, options?: Pick<PutOptions, 'notes'>): Promise<string> {
    return this.#call('beginUpload', key, () => this.#inner.beginUpload(key, options));
  }

  putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    return this.#call('putPart', key, () => this.#inner.putPart(key, upload, part, content, signal));
  }

  listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    return this.#call('listParts', key, () => this.#inner.listParts(key, upload));
  }

  finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#call('finishUpload', key, () => this.#inner.finishUpload(key, upload, parts));
  }

  abortUpload(key: string, upload: string): Promise<void> {
    return this.#call('abortUpload', key, () => this.#inner.abortUpload(key, upload));
  }

  async #call<Answer>(
    name: RequestName,
    key: string,
    send: (isStruck: boolean) => Promise<Answer>,
  ): Promise<Answer> {
    const call = { name, key, count: this.calls.length + 1 };
    this.calls.push(call);
    const isStruck = this.#fault.isHit(call);
    const { effect } = this.#fault;
    if (!isStruck || typeof effect === 'string') return send(isStruck);
    if ('wait' in effect) await effect.wait;
    if ('refuse' in effect) throw injected(effect.refuse);
    const answer = await send(isStruck);
    if ('lose' in effect) throw injected(effect.lose);
    return answer;
  }
}

const wrongEtag = '00000000000000000000000000000000';

function injected(fault: RemoteFault): RemoteError {
  return new RemoteError(fault, `injected: ${fault}`);
}

function damaged(fetched: FetchedObject, effect: ObjectFault['effect']): FetchedObject {
  if (effect === 'etag') return { ...fetched, etag: wrongEtag };
  return { ...fetched, body: damagedBody(fetched.body, effect) };
}

async function* damagedBody(
  body: AsyncIterable<Uint8Array>,
  effect: ObjectFault['effect'],
): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  const content = Buffer.concat(pieces);
  const middle = content.length >> 1;
  if (effect === 'flip' && content.length > 0) content[middle]! ^= 1;
  if (effect === 'cut' || effect === 'short') yield content.subarray(0, middle);
  else yield typeof effect === 'object' && 'swap' in effect ? effect.swap : content;
  if (effect === 'cut') throw injected('unavailable');
}
