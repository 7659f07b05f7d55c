/** Results of actions in a bucket: read one by one, or all of a run at once. */
import type { Digest } from '../../engine/core/digest.ts';
import { decodeEntry, type OpenedEntry } from './entry.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import { readEntry } from './read-entry.ts';
import { readRunIndex } from './read-run-index.ts';
import type { Trust } from './trust.ts';

export interface ResultsSetting {
  /** Parts of the key space; what an earlier one has counts. */
  readonly parts: readonly ObjectStore[];
  readonly trust: Trust;
  /** Told of an object that is not believed. */
  readonly onRefused: (name: Digest, reason: string) => void;
  /** Told why a run could not be fetched in one piece: its results are asked for one by one. */
  readonly onFailure: (error: unknown) => void;
  /** Of runs that were fetched in one piece so much is held, whatever others have put into them; bytes. */
  readonly mostHeldBytes?: number;
}

const defaultHeldBytes = 256 * 2 ** 20;

export class RemoteResults {
  readonly #setting: ResultsSetting;
  /** Of runs that were fetched in one piece: key → sealed entry, the oldest first. */
  readonly #fetched = new Map<Digest, Uint8Array>();
  #heldBytes = 0;
  readonly #runs = new Map<Digest, Promise<void>>();

  constructor(setting: ResultsSetting) {
    this.#setting = setting;
  }

  /** @throws {RemoteError} */
  async find(key: Digest, run: Digest): Promise<OpenedEntry | undefined> {
    const fetching = this.#runs.get(run) ?? this.#fetchRun(run).catch((error) => this.#failed(run, error));
    this.#runs.set(run, fetching);
    await fetching;
    const sealed = this.#fetched.get(key);
    return (sealed === undefined ? undefined : this.#open(key, sealed)) ?? this.findNew(key);
  }

  #open(key: Digest, sealed: Uint8Array): OpenedEntry | undefined {
    const opened = decodeEntry(sealed, { wanted: key, trust: this.#setting.trust });
    if ('entry' in opened) return opened.entry;
    this.forget(key);
    this.#setting.onRefused(key, opened.refusal);
    return undefined;
  }

  #failed(run: Digest, error: unknown): void {
    if (error instanceof RemoteError && error.fault === 'off') this.#runs.delete(run); // It was not even asked for.
    this.#setting.onFailure(error);
  }

  /** What a run says of a key does not count any more. */
  forget(key: Digest): void {
    this.#heldBytes -= this.#fetched.get(key)?.length ?? 0;
    this.#fetched.delete(key);
  }

  /** @throws {RemoteError} */
  async findNew(key: Digest): Promise<OpenedEntry | undefined> {
    const { parts, trust, onRefused } = this.#setting;
    for (const objects of parts) {
      const opened = await readEntry(objects, key, trust);
      if (!opened) continue;
      if ('entry' in opened) return opened.entry;
      onRefused(key, opened.refusal);
    }
    return undefined;
  }

  /** @throws {RemoteError} */
  async #fetchRun(run: Digest): Promise<void> {
    for (const objects of this.#setting.parts) {
      const entries = await readRunIndex(objects, run);
      if (!entries) continue;
      if ('refusal' in entries) this.#setting.onRefused(run, entries.refusal);
      else for (const [key, sealed] of entries) this.#hold(key, sealed);
    }
  }

  /** What there is no room for is asked for by itself. */
  #hold(key: Digest, sealed: Uint8Array): void {
    if (this.#fetched.has(key)) return;
    this.#fetched.set(key, new Uint8Array(sealed)); // A copy: a view would hold all of the run.
    this.#heldBytes += sealed.length;
    const { mostHeldBytes = defaultHeldBytes } = this.#setting;
    for (const oldest of this.#fetched.keys()) {
      if (this.#heldBytes <= mostHeldBytes) return;
      this.forget(oldest);
    }
  }

  /** True if a run was fetched in one piece, and everything of it is in there. */
  holdsAll(keys: readonly Digest[]): boolean {
    return keys.every((key) => this.#fetched.has(key));
  }
}
