/** Results of actions in a bucket: read one by one, or all of a run at once. */
import type { Digest } from '../../engine/core/digest.ts';
import { decodeEntry, mostEntryBytes, type OpenedEntry, openEntry } from './entry.ts';
import { entryObject, runObject } from './layout.ts';
import type { ObjectStore } from './object-store.ts';
import { readWhole } from './read-whole.ts';
import { decodeRunIndex, mostIndexBytes } from './run-index.ts';
import type { Trust } from './trust.ts';

export interface ResultsSetting {
  /** Parts of the key space; what an earlier one has counts. */
  readonly parts: readonly ObjectStore[];
  readonly trust: Trust;
  /** Told of an object that is not believed. */
  readonly onRefused: (name: Digest, reason: string) => void;
}

export class RemoteResults {
  readonly #setting: ResultsSetting;
  /** Of runs that were fetched in one piece: key → sealed entry. */
  readonly #fetched = new Map<Digest, unknown>();
  readonly #runs = new Map<Digest, Promise<void>>();

  constructor(setting: ResultsSetting) {
    this.#setting = setting;
  }

  /** @throws {RemoteError} */
  async find(key: Digest, run: Digest): Promise<OpenedEntry | undefined> {
    const fetching = this.#runs.get(run) ?? this.#fetchRun(run);
    this.#runs.set(run, fetching);
    await fetching;
    const sealed = this.#fetched.get(key);
    return (sealed === undefined ? undefined : this.#open(key, sealed)) ?? this.findNew(key);
  }

  #open(key: Digest, sealed: unknown): OpenedEntry | undefined {
    const opened = openEntry(sealed, { wanted: key, trust: this.#setting.trust });
    if ('entry' in opened) return opened.entry;
    this.#setting.onRefused(key, opened.refusal);
    return undefined;
  }

  /** @throws {RemoteError} */
  async findNew(key: Digest): Promise<OpenedEntry | undefined> {
    const { parts, trust, onRefused } = this.#setting;
    for (const objects of parts) {
      const read = await readWhole(objects, entryObject(key), { mostBytes: mostEntryBytes });
      if (!read) continue;
      const opened = 'refusal' in read ? read : decodeEntry(read.bytes, { wanted: key, trust });
      if ('entry' in opened) return opened.entry;
      onRefused(key, opened.refusal);
    }
    return undefined;
  }

  /** @throws {RemoteError} */
  async #fetchRun(run: Digest): Promise<void> {
    for (const objects of this.#setting.parts) {
      const read = await readWhole(objects, runObject(run), { mostBytes: mostIndexBytes });
      if (!read) continue;
      const entries = 'refusal' in read ? read : decodeRunIndex(read.bytes, run);
      if ('refusal' in entries) this.#setting.onRefused(run, entries.refusal);
      else for (const [key, sealed] of entries) if (!this.#fetched.has(key)) this.#fetched.set(key, sealed);
    }
  }

  /** True if a run was fetched in one piece, and everything of it is in there. */
  holdsAll(keys: readonly Digest[]): boolean {
    return keys.every((key) => this.#fetched.has(key));
  }
}
