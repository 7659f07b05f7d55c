/**
 * Says that a build uses a cache, to everyone who shares it: other workspaces, other containers, other machines.
 *
 * A hold is a small file in the cache's own folder, named for the process. What a build has used since it began is
 * held: nobody collects it. Whether a process of this machine lives can be seen; of one elsewhere only that its file
 * has been touched lately.
 */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { digestOf, hexOf } from '../core/digest.ts';
import { isAlive, processIdentity } from './process-identity.ts';

/** The folder of the holds, in that of the cache. */
export const holdsFolder = 'building';

export interface CacheHolder {
  /** As a message calls it: 'process 4711', 'process 4711 of host-b'. */
  readonly name: string;
  /** What has been used from then on is held; milliseconds since 1970. */
  readonly sinceMs: number;
}

const beatMs = 60_000;
/** A process elsewhere that has not touched its hold for so long is dead. */
const silentMs = 10 * beatMs;

export class CacheHold implements Disposable {
  readonly #folder: string;
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  #sinceMs = Date.now();

  /**
   * Holds what is used from now on, until it is disposed of, and sweeps away what builds have left that were killed.
   *
   * @param cacheFolder may be one that cannot be written to
   */
  constructor(cacheFolder: string) {
    sweepDead(cacheFolder);
    this.#folder = join(cacheFolder, holdsFolder);
    this.#path = join(this.#folder, `${processIdentity()}@${processSpace}`);
    this.#write();
    this.#timer = setInterval(() => this.#write(), beatMs).unref();
  }

  /** A new build of the same process begins: what only earlier ones have used is held no longer. */
  renew(): void {
    this.#sinceMs = Date.now();
    this.#write();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // Where it could not be written there is nothing to remove; else it is found dead.
    }
  }

  #write(): void {
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(this.#path, JSON.stringify({ host: hostname(), sinceMs: this.#sinceMs }));
    } catch {
      // No room, or not ours to write to: if others collect what this build uses, it is made again.
    }
  }
}

function sweepDead(cacheFolder: string): void {
  try {
    cacheHolders(cacheFolder);
  } catch {
    // Not ours to write to: whoever may collect there sweeps, too.
  }
}

/** The living processes whose builds use a cache; those that are dead are swept away. */
export function cacheHolders(cacheFolder: string): CacheHolder[] {
  const folder = join(cacheFolder, holdsFolder);
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const [identity = '', space] = name.split('@');
    const isHere = space === processSpace;
    if (isHere ? isAlive(identity) : isTouched(path)) return [holderOf(path, { identity, isHere })];
    rmSync(path, { force: true });
    return [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Nothing has been built with this cache.
  }
}

function isTouched(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs < silentMs;
}

function holderOf(path: string, { identity, isHere }: { identity: string; isHere: boolean }): CacheHolder {
  const { host = 'another machine', sinceMs = 0 } = contentOf(path);
  const pid = Number.parseInt(identity, 10);
  return { name: isHere ? `process ${pid}` : `process ${pid} of ${host}`, sinceMs };
}

function contentOf(path: string): { host?: string; sinceMs?: number } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { host: string; sinceMs: number }; // What `#write` wrote.
  } catch {
    return {}; // It is being written at this moment: until it can be read, everything is held.
  }
}

/** Names those processes that this one can see by their numbers: one running system, one space of numbers. */
const processSpace = hexOf(digestOf([hostname(), bootId(), pidSpace()].join('\n'))).slice(0, 16);

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // Not Linux: the name of the machine has to do.
  }
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
