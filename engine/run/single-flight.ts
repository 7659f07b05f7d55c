/**
 * Sees to it that of several builds, on this machine or on others, one does an action while the others wait for its
 * result. Other machines are asked only about actions that take long enough to be worth the question.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../core/digest.ts';
import type { ActionCache, ActionResult, KnownResult, Leases, SharedCache } from '../core/store.ts';

export interface FlightSetting {
  readonly actions: ActionCache;
  readonly leases: Leases;
  readonly shared: SharedCache | undefined;
}

export interface Flight {
  readonly key: Digest;
  /** Other machines are asked, too. */
  readonly isCostly: boolean;
}

/** What came of waiting. `ours`: whoever did it has gone without a result. `overdue`: it takes too long. */
export type Landed =
  | { readonly hit: ActionResult; readonly isRemote: boolean }
  | 'ours'
  | 'overdue'
  | 'unwanted';

export interface Wait {
  readonly mostMs: number;
  /** False as soon as nobody waits any more. */
  readonly isWanted: () => boolean;
}

/** How often a process looks whether another one of its machine has finished what it waits for. */
const nearPollMs = 25;
/** The same, for other machines: a look is a request. */
const farPollMs = 500;

export class SingleFlight {
  readonly #setting: FlightSetting;
  /** Of the leases of this machine those that are held here. */
  readonly #near = new Set<Digest>();
  readonly #far = new Set<Digest>();

  constructor(setting: FlightSetting) {
    this.#setting = setting;
  }

  /** Undefined if the action is ours to do; else what another has made of it already, or that somebody is at it. */
  async take({ key, isCostly }: Flight): Promise<ActionResult | 'taken' | undefined> {
    const { actions, leases, shared } = this.#setting;
    if (!leases.acquire(key)) return 'taken';
    this.#near.add(key);
    const hit = actions.get(key); // Another process may have finished it since we looked.
    if (hit) {
      this.release(key);
      return hit;
    }
    if (!isCostly || !shared) return undefined;
    return (await this.#takeFar(key, shared)) ? undefined : 'taken';
  }

  /** For an action that only makes its bytes again: a machine that holds them still is waited for. */
  async takeAgain({ key, isCostly }: Flight): Promise<boolean> {
    const { shared } = this.#setting;
    return !isCostly || !shared || this.#takeFar(key, shared);
  }

  async #takeFar(key: Digest, shared: SharedCache): Promise<boolean> {
    if (this.#far.has(key)) return true;
    const outcome = await shared.acquire(key);
    if (outcome === 'held') this.#far.add(key);
    return outcome !== 'taken';
  }

  /** Waits for whoever does the action; to be asked after `take` said that it is taken. */
  async land({ key, isCostly }: Flight, { mostMs, isWanted }: Wait): Promise<Landed> {
    const { actions, leases, shared } = this.#setting;
    const startedMs = performance.now();
    while (isWanted()) {
      await delay(this.#near.has(key) ? farPollMs : nearPollMs);
      const hit = actions.get(key);
      if (hit) return this.#landed(key, { hit, isRemote: false });
      if (!isWanted()) break;
      if (performance.now() - startedMs > mostMs) return this.#landed(key, 'overdue');
      if (!leases.acquire(key)) continue;
      this.#near.add(key);
      if (!isCostly || !shared) return 'ours';
      const found = await this.#look(key, shared);
      if (found) return this.#landed(key, found);
      if (await this.#takeFar(key, shared)) return 'ours';
    }
    return this.#landed(key, 'unwanted');
  }

  async #look(key: Digest, shared: SharedCache): Promise<Landed | undefined> {
    const found = await shared.findNew(key);
    if (!found) return undefined;
    this.remember(key, found);
    return { hit: found.result, isRemote: true };
  }

  /** Keeps a result that was found on other machines. */
  remember(key: Digest, { result, ingredients, seal }: KnownResult): void {
    this.#setting.actions.put(key, result, ingredients, seal);
  }

  #landed(key: Digest, landed: Landed): Landed {
    this.release(key);
    return landed;
  }

  /** Other processes of this machine may go on, and other machines as soon as they can find the result. */
  release(key: Digest): void {
    this.releaseNear(key);
    if (this.#far.delete(key)) this.#setting.shared?.release(key);
  }

  /** Other processes of this machine may go on; other machines wait for what is made of the bytes that are held here. */
  releaseNear(key: Digest): void {
    if (this.#near.delete(key)) this.#setting.leases.release(key);
  }

  /** The holder of an action on this machine: a process number, if it is known. */
  holder(key: Digest): number | undefined {
    return this.#setting.leases.holder(key);
  }
}
