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
  /** A clock that never goes back; milliseconds. */
  readonly now?: () => number;
  readonly delay?: (ms: number) => Promise<void>;
}

export interface Flight {
  readonly key: Digest;
  /** What other machines are asked about: the key, or a name for all that has to be done on one machine. */
  readonly lease: Digest;
  /** Other machines are asked, too. */
  readonly isCostly: boolean;
  /** False if a result from elsewhere cannot be one of the action. */
  readonly accepts: (result: ActionResult) => boolean;
}

/** What came of waiting. `ours`: whoever did it has gone without a result. `overdue`: it takes too long. */
export type Landed = Found | 'ours' | 'overdue' | 'unwanted';

export interface Found {
  readonly hit: ActionResult;
  /** Another machine has made it. */
  readonly isRemote: boolean;
}

export interface Wait {
  readonly mostMs: number;
  /** False as soon as nobody waits any more. */
  readonly isWanted: () => boolean;
}

/** How often a process looks whether another one of its machine has finished what it waits for. */
const nearPollMs = 25;
/** The same, for other machines: a look is a request. */
const farPollMs = 500;
/** However many actions are waited for, other machines are not asked about them more often than this. */
const farSpacingMs = 50;

export class SingleFlight {
  readonly #setting: Required<FlightSetting>;
  /** Of the leases of this machine those that are held here. */
  readonly #near = new Set<Digest>();
  readonly #far = new Set<Digest>();
  /** When the last of those that wait will ask other machines. */
  #lastTurnMs = 0;

  constructor(setting: FlightSetting) {
    this.#setting = { now: () => performance.now(), delay: (ms) => delay(ms), ...setting };
  }

  /** Whether the action is ours to do; else what another has made of it already, or that somebody is at it. */
  async take(flight: Flight): Promise<Found | 'ours' | 'taken'> {
    const { key, lease, isCostly } = flight;
    const { actions, leases, shared } = this.#setting;
    if (!leases.acquire(key)) return 'taken';
    this.#near.add(key);
    const hit = actions.get(key); // Another process may have finished it since we looked.
    if (hit) {
      this.release(key);
      return { hit, isRemote: false };
    }
    if (!isCostly || !shared) return 'ours';
    const isFree = await this.#takeFar(lease, shared);
    const found = isFree ? await this.#look(flight, shared) : 'taken'; // Whoever had it before us may have finished.
    if (found) this.release(key);
    return found ?? 'ours';
  }

  async #takeFar(lease: Digest, shared: SharedCache): Promise<boolean> {
    if (this.#far.has(lease)) return true;
    const outcome = await shared.acquire(lease);
    if (outcome === 'held') this.#far.add(lease);
    return outcome !== 'taken';
  }

  /**
   * Waits for whoever does the action; to be asked after `take` said that it is taken. A process of this machine is waited
   * for as long as the action may take; another machine as long as it shows that it lives.
   */
  async land(flight: Flight, { mostMs, isWanted }: Wait): Promise<Landed> {
    const { key, lease, isCostly } = flight;
    const { actions, leases, shared, now, delay } = this.#setting;
    for (let sinceMs = now(), turnMs: number | undefined; isWanted(); ) {
      await delay(turnMs === undefined ? nearPollMs : farPollMs);
      const hit = actions.get(key);
      if (hit) return { hit, isRemote: false };
      if (!isWanted()) break;
      if (turnMs !== undefined && now() < turnMs && !this.#far.has(lease)) continue;
      if (!leases.acquire(key)) {
        turnMs = undefined;
        if (now() - sinceMs > mostMs) return 'overdue';
        continue;
      }
      this.#near.add(key);
      const wasHeld = this.#far.has(lease);
      const landed = isCostly && shared ? await this.#tryFar(flight, shared) : 'ours';
      if (landed === 'ours' && isWanted()) return landed;
      this.release(key);
      if (landed === 'ours' && !wasHeld) this.release(lease); // Those whom it is for may be over: nobody else would.
      if (landed !== undefined && landed !== 'ours') return landed;
      sinceMs = now();
      turnMs = this.#nextTurnMs(sinceMs);
    }
    return 'unwanted';
  }

  #nextTurnMs(nowMs: number): number {
    this.#lastTurnMs = Math.max(nowMs, this.#lastTurnMs + farSpacingMs);
    return this.#lastTurnMs;
  }

  /** Undefined as long as another machine is at it. */
  async #tryFar(flight: Flight, shared: SharedCache): Promise<Found | 'ours' | undefined> {
    const found = await this.#look(flight, shared);
    return found ?? ((await this.#takeFar(flight.lease, shared)) ? 'ours' : undefined);
  }

  async #look({ key, accepts }: Flight, shared: SharedCache): Promise<Found | undefined> {
    const found = await shared.findNew(key);
    if (!found || !accepts(found.result)) return undefined;
    this.remember(key, found);
    return { hit: found.result, isRemote: true };
  }

  /** Keeps a result that was found on other machines. */
  remember(key: Digest, { result, ingredients, seal }: KnownResult): void {
    this.#setting.actions.put(key, result, ingredients, seal);
  }

  /** Other processes of this machine may go on, and other machines as soon as they can find the result. */
  release(lease: Digest): void {
    if (this.#near.delete(lease)) this.#setting.leases.release(lease);
    if (this.#far.delete(lease)) this.#setting.shared?.release(lease);
  }

  /** The holder of an action on this machine: a process number, if it is known. */
  holder(key: Digest): number | undefined {
    return this.#setting.leases.holder(key);
  }
}
