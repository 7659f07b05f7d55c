/** Tells which files have changed, once they have come to rest. */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Editors write a file in several steps; this is longer than the pauses between them. */
const quietMs = 30;

export interface WatchedPlaces {
  readonly files: readonly string[];
  /** Folders in which a file may come or go. */
  readonly folders: readonly string[];
}

export class SourceWatcher {
  readonly #watcher: FSWatcher;
  readonly #ignored: readonly string[];
  readonly #watched = new Set<string>();
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #waiting: PromiseWithResolvers<ReadonlySet<string>> | undefined;

  /** @param ignored folders that a build itself writes to */
  constructor(ignored: readonly string[]) {
    this.#ignored = ignored;
    this.#watcher = watch([], {
      ignoreInitial: true,
      depth: 0, // Folders are listed one by one, those inside of them too.
      ignored: (path) => this.#isIgnored(path),
    });
    this.#watcher.on('all', (_, path) => this.note(path));
  }

  /** Watches these places, too. */
  watch({ files, folders }: WatchedPlaces): void {
    const places = [...files, ...folders].filter(
      (path) => !this.#watched.has(path) && !this.#isIgnored(path),
    );
    for (const path of places) this.#watched.add(path);
    this.#watcher.add(places);
  }

  /** The files that have changed since the last time; waits until there are some. */
  async changes(): Promise<ReadonlySet<string>> {
    this.#waiting ??= Promise.withResolvers();
    const { promise } = this.#waiting;
    if (this.#changed.size > 0 && !this.#timer) this.#tell();
    return promise;
  }

  /** A file has changed. */
  note(path: string): void {
    this.#changed.add(path);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), quietMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }

  #isIgnored(path: string): boolean {
    return this.#ignored.some((folder) => path === folder || path.startsWith(folder + sep));
  }

  /** Files that come and go at once are how editors replace others. */
  #isOfUse(path: string): boolean {
    return this.#watched.has(path) || existsSync(path);
  }

  #tell(): void {
    this.#timer = undefined;
    if (!this.#waiting) return; // Whoever asks next is told.
    const changed = new Set([...this.#changed].filter((path) => this.#isOfUse(path)));
    this.#changed.clear();
    if (changed.size === 0) return;
    this.#waiting.resolve(changed);
    this.#waiting = undefined;
  }
}
