/**
 * A bucket, of whose objects this machine remembers what it has itself found in them. What somebody notes beside an object
 * says what he wanted to write; here only what was written or read from this machine counts, and only for the version that
 * it was. So an object that was damaged or replaced since is read, and its digest is that of the bytes.
 */
import { type Digest, digestOfPieces, StreamDigest } from '../../core/digest.ts';
import type {
  ByteRange,
  NewContent,
  Storage,
  StorageKey,
  StoredContent,
  StoredEntry,
  StoredFacts,
} from '../../core/storage.ts';
import type { KnownDigests } from './known-digests.ts';

export class KnownStorage implements Storage, Disposable {
  readonly #bucket: Storage & Disposable;
  readonly #known: KnownDigests;

  /** Both are disposed of with it. */
  constructor(bucket: Storage & Disposable, known: KnownDigests) {
    this.#bucket = bucket;
    this.#known = known;
  }

  get place(): string {
    return this.#bucket.place;
  }

  /** What is read to its end is known from then on. */
  async read(key: StorageKey, range?: ByteRange): Promise<StoredContent | undefined> {
    const found = await this.#bucket.read(key, range);
    return found && !range ? { ...found, body: this.#noted(key, found) } : found;
  }

  exists(key: StorageKey): Promise<StoredFacts | undefined> {
    return this.#bucket.exists(key);
  }

  async digestOf(key: StorageKey): Promise<Digest | undefined> {
    const facts = await this.exists(key);
    if (!facts) return undefined;
    return this.#known.of(key, facts.version) ?? this.#lookAt(key);
  }

  async write(key: StorageKey, content: NewContent): Promise<string> {
    const version = await this.#bucket.write(key, content);
    this.#known.note(key, { version, digest: content.digest });
    return version;
  }

  list(folder?: StorageKey): AsyncIterable<StoredEntry> {
    return this.#bucket.list(folder);
  }

  async remove(key: StorageKey): Promise<void> {
    await this.#bucket.remove(key);
    this.#known.forget(key);
  }

  async #lookAt(key: StorageKey): Promise<Digest | undefined> {
    const found = await this.#bucket.read(key);
    if (!found) return undefined;
    const digest = await digestOfPieces(found.body);
    this.#known.note(key, { version: found.version, digest });
    return digest;
  }

  async *#noted(key: StorageKey, { body, version }: StoredContent): AsyncGenerator<Uint8Array> {
    const hasher = new StreamDigest();
    for await (const piece of body) {
      hasher.update(piece);
      yield piece;
    }
    this.#known.note(key, { version, digest: hasher.finish() });
  }

  [Symbol.dispose](): void {
    this.#known[Symbol.dispose]();
    this.#bucket[Symbol.dispose]();
  }
}
