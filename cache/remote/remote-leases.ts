/**
 * Leases of actions among machines, as objects that are written under conditions: one machine does an action while the
 * others wait for its result.
 *
 * A holder rewrites its objects as long as it lives. Whoever waits looks at the etag: one that stays the same for as
 * long as the lease lasts, by the waiter's own clock, belongs to a dead holder, and the next one takes its place. No
 * clocks of two machines are ever compared. A holder that was only paused finds, when it asks before it publishes, that
 * its object is another one's.
 */
import { randomUUID } from 'node:crypto';
import type { Digest } from '../../engine/core/digest.ts';
import { leaseObject } from './layout.ts';
import { type LeaseObject, type LeaseState, readLease, writeLease } from './lease-object.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import { probeConditions } from './probe-conditions.ts';

export interface RemoteLeasesSetting {
  readonly objects: ObjectStore;
  /** After this time without a sign of life others take over; milliseconds, at most five minutes. */
  readonly leaseMs?: number;
  /** Told once, where the server has no conditional writes, why everybody works for himself. */
  readonly onOff: (reason: string) => void;
  /** A clock that never goes back; milliseconds. */
  readonly now?: () => number;
  /** Calls `act` again and again. @returns what ends that */
  readonly every?: (intervalMs: number, act: () => void) => () => void;
}

/** A lease that this process has taken; `isLost` as soon as it knows that another one has it. */
interface Held {
  readonly fence: number;
  etag: string;
  isLost: boolean;
}

/** What this process knows of a lease of another one. */
interface Sighting {
  readonly etag: string;
  readonly sinceMs: number;
}

const defaultLeaseMs = 15_000;
/** Two heartbeats may fail before the lease is over. */
const beatsPerLease = 3;
/** How often a write is tried again that only this process itself can have come before. */
const mostAttempts = 3;

export class RemoteLeases {
  readonly #setting: Required<RemoteLeasesSetting>;
  readonly #holder = randomUUID();
  readonly #held = new Map<Digest, Held>();
  readonly #seen = new Map<Digest, Sighting>();
  /** The end of what is being done about a key. */
  readonly #turns = new Map<Digest, Promise<void>>();
  /** Those that have not begun yet: they are good for all who ask until then. */
  readonly #proofs = new Map<Digest, Promise<boolean>>();
  #seq = 0;
  #isOff = false;
  #probe: Promise<void> | undefined;
  #stopBeating: (() => void) | undefined;

  constructor(setting: RemoteLeasesSetting) {
    this.#setting = { leaseMs: defaultLeaseMs, now: () => performance.now(), every: everyUnref, ...setting };
  }

  /**
   * May this process do an action now? `taken`: another one does it; ask again later. `unasked`: there is nobody to ask,
   * because the server has no conditional writes or cannot be reached.
   */
  async acquire(key: Digest): Promise<'held' | 'taken' | 'unasked'> {
    try {
      await this.#learnConditions();
      if (this.#isOff) return 'unasked';
      return await this.#inTurn(key, () => this.#acquire(key));
    } catch (error) {
      this.#tolerate(error); // Without leases an action may be done twice: slower, not wrong.
      return 'unasked';
    }
  }

  /**
   * To be asked before a result is published. False if another machine has taken over in the meantime; true if the lease
   * is proven to be held still, and for actions without one.
   *
   * @throws {RemoteError} if that could not be found out
   */
  mayPublish(key: Digest): Promise<boolean> {
    const proof = this.#proofs.get(key) ?? this.#prove(key);
    this.#proofs.set(key, proof);
    return proof;
  }

  #prove(key: Digest): Promise<boolean> {
    return this.#inTurn(key, async () => {
      this.#proofs.delete(key);
      const lease = this.#held.get(key);
      if (lease && !this.#isOff) await this.#rewrite(key, lease, { isReleased: false });
      return !lease?.isLost;
    });
  }

  /** Lets others go on. Never fails: a lease that stays behind runs out. */
  async release(key: Digest): Promise<void> {
    await this.#inTurn(key, async () => {
      const lease = this.#held.get(key);
      if (!lease) return;
      this.#held.delete(key);
      await this.#rewrite(key, lease, { isReleased: true }).catch((error) => this.#tolerate(error));
    });
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((key) => this.release(key)));
  }

  // ---- Taking -----------------------------------------------------------------------------------------------------

  async #acquire(key: Digest): Promise<'held' | 'taken'> {
    const held = this.#held.get(key);
    if (held && !held.isLost) return 'held';
    this.#held.delete(key);
    const askedMs = this.#setting.now();
    // Most are free, and had with one request. Of one that was taken before it is asked who has it now.
    let there = this.#seen.has(key)
      ? await readLease(this.#setting.objects, leaseObject(key))
      : await this.#claim(key, undefined);
    if (!this.#held.has(key) && this.#isFree(key, there, askedMs)) there = await this.#claim(key, there);
    if (this.#held.has(key)) return 'held';
    this.#note(key, there);
    return 'taken';
  }

  #isFree(key: Digest, there: LeaseObject | undefined, askedMs: number): boolean {
    if (!there?.state) return !there || this.#isUnchanged(key, there.etag, askedMs, this.#setting.leaseMs);
    const { isReleased, holder, leaseMs } = there.state;
    const isOwn = holder === this.#holder; // Of a write that was thought to have failed.
    return isReleased || isOwn || this.#isUnchanged(key, there.etag, askedMs, leaseMs);
  }

  #isUnchanged(key: Digest, etag: string, askedMs: number, leaseMs: number): boolean {
    const seen = this.#seen.get(key);
    return seen?.etag === etag && askedMs - seen.sinceMs >= leaseMs;
  }

  /** Puts this process in the place of nobody, or of a holder that has ended. @returns what is there then */
  async #claim(key: Digest, former: LeaseObject | undefined): Promise<LeaseObject | undefined> {
    const state = this.#nextState((former?.state?.fence ?? 0) + 1, { isReleased: false });
    const there = await this.#write(key, state, former ? { etag: former.etag } : 'absent');
    if (there?.state?.holder !== this.#holder || there.state.seq !== state.seq) return there;
    this.#seen.delete(key);
    this.#held.set(key, { fence: state.fence, etag: there.etag, isLost: false });
    this.#stopBeating ??= this.#setting.every(this.#setting.leaseMs / beatsPerLease, () => this.#beat());
    return there;
  }

  #note(key: Digest, there: LeaseObject | undefined): void {
    if (!there) this.#seen.delete(key);
    else if (this.#seen.get(key)?.etag !== there.etag)
      this.#seen.set(key, { etag: there.etag, sinceMs: this.#setting.now() });
  }

  // ---- Keeping ----------------------------------------------------------------------------------------------------

  #beat(): void {
    if (this.#held.size === 0) this.#endBeats();
    for (const [key, lease] of this.#held) {
      if (lease.isLost || this.#turns.has(key)) continue; // What is under way is a sign of life as well.
      const beat = this.#inTurn(key, async () => {
        if (this.#held.get(key) === lease) await this.#rewrite(key, lease, { isReleased: false });
      });
      void beat.catch((error) => this.#tolerate(error)); // The next one may come through.
    }
  }

  #endBeats(): void {
    this.#stopBeating?.();
    this.#stopBeating = undefined;
  }

  /** Writes the lease anew if it is held still, and notes whether it is. @throws {RemoteError} */
  async #rewrite(key: Digest, lease: Held, change: Pick<LeaseState, 'isReleased'>): Promise<void> {
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      if (lease.isLost) return;
      const state = this.#nextState(lease.fence, change);
      const there = await this.#write(key, state, { etag: lease.etag });
      lease.isLost = there?.state?.holder !== this.#holder;
      if (there && !lease.isLost) lease.etag = there.etag;
      if (there?.state?.seq === state.seq) return;
      // Else a write of ours that was thought to have failed has come in late, and this one has to come after it.
    }
    throw new RemoteError('invalid', 'A lease cannot be rewritten: its object changes all the time.');
  }

  #nextState(fence: number, { isReleased }: Pick<LeaseState, 'isReleased'>): LeaseState {
    this.#seq += 1;
    const { leaseMs } = this.#setting;
    return { v: 1, holder: this.#holder, fence, seq: this.#seq, leaseMs, isReleased };
  }

  #write(
    key: Digest,
    state: LeaseState,
    onlyIf: 'absent' | { readonly etag: string },
  ): ReturnType<typeof writeLease> {
    return writeLease(this.#setting.objects, leaseObject(key), state, onlyIf);
  }

  /** One thing at a time for each key: the writes of this process must not refuse each other. */
  #inTurn<T>(key: Digest, act: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(act);
    const over = turn.then(ignored, ignored).then(() => {
      if (this.#turns.get(key) === over) this.#turns.delete(key);
    });
    this.#turns.set(key, over);
    return turn;
  }

  // ---- Doing without ----------------------------------------------------------------------------------------------

  /** Asked once; again only if there was no answer. */
  async #learnConditions(): Promise<void> {
    this.#probe ??= this.#learn().catch((error) => {
      this.#probe = undefined;
      throw error;
    });
    await this.#probe;
  }

  async #learn(): Promise<void> {
    const conditions = await probeConditions(this.#setting.objects);
    if (conditions === 'unsupported') this.#turnOff('its server has no conditional writes');
    if (conditions === 'ignored') this.#turnOff('its server ignores the conditions of writes');
  }

  #turnOff(reason: string): void {
    if (this.#isOff) return;
    this.#isOff = true;
    this.#endBeats();
    this.#setting.onOff(reason);
  }

  /** What goes wrong with the server is no concern of a build. */
  #tolerate(error: unknown): void {
    if (!(error instanceof RemoteError)) throw error;
    if (error.fault === 'unsupported') this.#turnOff('its server has no conditional writes');
  }
}

function ignored(): void {} // Whoever asked for it is told.

function everyUnref(intervalMs: number, act: () => void): () => void {
  const timer = setInterval(act, intervalMs).unref();
  return () => clearInterval(timer);
}
