/** What is known of the runs in a working copy: a small file for each, beside the copy. */
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryBeside } from '../../io/disk.ts';

export interface RunMark {
  /** Version of the manifest in the bucket that the copy was last equal to; absent if there was none. */
  readonly version?: string;
  /** The process that has changed the copy since, which is not published yet. */
  readonly pendingSince?: string;
}

export class RunMarks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param name `platform/video/run` */
  read(name: string): RunMark {
    try {
      return JSON.parse(readFileSync(this.#pathOf(name), 'utf8')) as RunMark; // Flow alone writes there.
    } catch {
      return {}; // Never seen: what the bucket has is fetched, and what it has not is published.
    }
  }

  isPending(name: string): boolean {
    return this.read(name).pendingSince !== undefined;
  }

  write(name: string, mark: RunMark): void {
    const path = this.#pathOf(name);
    const temporary = temporaryBeside(path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, JSON.stringify(mark));
    renameSync(temporary, path);
  }

  remove(name: string): void {
    rmSync(this.#pathOf(name), { force: true });
  }

  /** The names of the runs that are not published yet. */
  pending(): string[] {
    const names = globSync('*/*/*.json', { cwd: this.#folder }).map((path) => path.slice(0, -'.json'.length));
    return names.filter((name) => this.isPending(name)).sort();
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}
