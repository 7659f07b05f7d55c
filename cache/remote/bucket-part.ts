/**
 * A part of a bucket: the objects whose keys begin so. The bucket is opened by the first request: what speaks to it takes
 * a while to load, and most builds need nothing of it.
 */
import type {
  FetchedObject,
  GetOptions,
  ListedObject,
  ObjectFacts,
  ObjectStore,
  PutOptions,
  PutOutcome,
  UploadedPart,
} from './object-store.ts';

export class BucketPart implements ObjectStore {
  readonly #open: () => Promise<ObjectStore>;
  readonly #beginning: string;

  /**
   * @param open may be called often, and gives the same each time
   * @param beginning empty for the whole, else with a slash at its end
   */
  constructor(open: () => Promise<ObjectStore>, beginning: string) {
    this.#open = open;
    this.#beginning = beginning;
  }

  async get(key: string, options?: GetOptions): Promise<FetchedObject | undefined> {
    return (await this.#open()).get(this.#whole(key), options);
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    return (await this.#open()).head(this.#whole(key));
  }

  async put(key: string, content: Uint8Array, options?: PutOptions): Promise<PutOutcome> {
    return (await this.#open()).put(this.#whole(key), content, options);
  }

  async delete(key: string): Promise<void> {
    return (await this.#open()).delete(this.#whole(key));
  }

  async *list(beginning: string): AsyncGenerator<ListedObject> {
    for await (const { key, ...facts } of (await this.#open()).list(this.#whole(beginning)))
      yield { key: key.slice(this.#beginning.length), ...facts };
  }

  async beginUpload(key: string, options?: Pick<PutOptions, 'notes'>): Promise<string> {
    return (await this.#open()).beginUpload(this.#whole(key), options);
  }

  async putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    return (await this.#open()).putPart(this.#whole(key), upload, part, content, signal);
  }

  async listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    return (await this.#open()).listParts(this.#whole(key), upload);
  }

  async finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    return (await this.#open()).finishUpload(this.#whole(key), upload, parts);
  }

  async abortUpload(key: string, upload: string): Promise<void> {
    return (await this.#open()).abortUpload(this.#whole(key), upload);
  }

  #whole(key: string): string {
    return `${this.#beginning}${key}`;
  }
}
