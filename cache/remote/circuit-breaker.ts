/**
 * Decides when a server that fails is left alone, and when it is asked again. Nothing but arithmetic on a clock.
 *
 *     closed ──failures in a row, or one refusal──► open ──pause over──► probing ──answer──► closed
 *                                                    ▲                      │
 *                                                    └──failure: pause × 2──┘
 *
 * Five failures in a row are enough; fewer, if they take seconds and the server has never answered: one that hangs shall
 * not cost a build five deadlines.
 */
import type { RemoteError, RemoteFault } from './object-store.ts';

export interface BreakerOptions {
  /** Time that never goes back; milliseconds. */
  readonly now: () => number;
  /** Told when it opens, and not again until it has closed. */
  readonly onOpen?: (reason: RemoteError) => void;
  readonly onClose?: () => void;
  /** Failures in a row that open it. */
  readonly failures?: number;
  /** How long a server may fail that has never answered. */
  readonly patienceMs?: number;
  /** How long it stays open at first, and at most. */
  readonly pauseMs?: number;
  readonly longestPauseMs?: number;
}

/** What a request was admitted as. A probe decides alone; what other requests say while it is open comes too late. */
export type Permit = 'request' | 'probe';

type State =
  | { readonly name: 'closed'; readonly failures: number }
  | {
      readonly name: 'open';
      readonly untilMs: number;
      readonly pauseMs: number;
      readonly reason: RemoteError;
    }
  | { readonly name: 'probing'; readonly pauseMs: number; readonly reason: RemoteError };

const sound: State = { name: 'closed', failures: 0 };

/** A server that is not there for us will not be there for the next request. */
const refusals: readonly RemoteFault[] = ['denied', 'no_bucket'];

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>;
  #state: State = sound;
  /** When it first failed, as long as it has never answered. */
  #silentSinceMs: number | undefined;
  #hasAnswered = false;

  constructor(options: BreakerOptions) {
    this.#options = {
      onOpen: () => {},
      onClose: () => {},
      failures: 5,
      patienceMs: 4000,
      pauseMs: 30_000,
      longestPauseMs: 300_000,
      ...options,
    };
  }

  /** Why nothing is asked at present; undefined while all is well. */
  get reason(): RemoteError | undefined {
    return this.#state.name === 'closed' ? undefined : this.#state.reason;
  }

  /** Whether a request may be sent now. Each permit has to be given back to one of the methods below. */
  admit(): Permit | undefined {
    const state = this.#state;
    if (state.name === 'closed') return 'request';
    if (state.name === 'probing' || this.#options.now() < state.untilMs) return undefined;
    this.#state = { name: 'probing', pauseMs: state.pauseMs, reason: state.reason };
    return 'probe';
  }

  /** The server did as it was asked, or said in good order that it would not. */
  answered(permit: Permit): void {
    const wasClosed = this.#state.name === 'closed';
    if (!wasClosed && permit === 'request') return;
    this.#state = sound;
    this.#hasAnswered = true;
    if (!wasClosed) this.#options.onClose();
  }

  failed(permit: Permit, error: RemoteError): void {
    const { now, pauseMs, longestPauseMs } = this.#options;
    const isRefusal = refusals.includes(error.fault);
    if (!error.isTransient && !isRefusal) return this.answered(permit);
    const state = this.#state;
    if (state.name === 'closed') {
      const failures = state.failures + 1;
      const isEnough = isRefusal || failures >= this.#options.failures || this.#isSilent();
      this.#state = isEnough
        ? { name: 'open', untilMs: now() + pauseMs, pauseMs, reason: error }
        : { name: 'closed', failures };
      if (isEnough) this.#options.onOpen(error);
    } else if (permit === 'probe') {
      const longer = Math.min(2 * state.pauseMs, longestPauseMs);
      this.#state = { name: 'open', untilMs: now() + longer, pauseMs: longer, reason: error };
    }
  }

  /** It fails once more, and has done nothing else so far. */
  #isSilent(): boolean {
    if (this.#hasAnswered) return false;
    const { now, patienceMs } = this.#options;
    this.#silentSinceMs ??= now();
    return now() - this.#silentSinceMs >= patienceMs;
  }

  /** The request was given up before the server could say anything: the next one may probe. */
  abandoned(permit: Permit): void {
    if (permit === 'probe' && this.#state.name === 'probing')
      this.#state = { ...this.#state, name: 'open', untilMs: this.#options.now() };
  }
}
