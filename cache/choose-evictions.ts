/** What a collection takes out of the cache, and why: arithmetic alone. */
import type { CacheLimits } from './cache-limits.ts';

export type EvictionReason = 'age' | 'free_space' | 'ceiling';

export interface Candidate {
  /** Of blobs their digest, of results their key. */
  readonly id: string;
  /**
   * What goes first: `spilled` bytes that no result names as its lasting output; then `bytes` of outputs, and results
   * that hold many; and last the small `result`s, which still say what need not run.
   */
  readonly rank: 'spilled' | 'bytes' | 'result';
  readonly sizeBytes: number;
  /** What the disk has back if it goes: none of a file that has another name elsewhere. */
  readonly freesBytes: number;
  /** Milliseconds since 1970. */
  readonly lastUsedAtMs: number;
}

export interface Standing {
  /** What all candidates take, and whatever else belongs to the cache. */
  readonly usedBytes: number;
  /** Undefined where the file system does not say. */
  readonly freeBytes: number | undefined;
  /** What was used since then is held by a running build; milliseconds since 1970, or Infinity. */
  readonly heldSinceMs: number;
  readonly nowMs: number;
}

export interface Eviction<C extends Candidate = Candidate> {
  readonly candidate: C;
  readonly reason: EvictionReason;
}

/** Once a limit is reached more goes than has to, so that the next bytes do not reach it at once. */
const marginShare = 0.1;

const ranks = { spilled: 0, bytes: 1, result: 2 } as const;

/** The least recently used first; ends at the floor, whatever is still over the other limits. */
export function chooseEvictions<C extends Candidate>(
  candidates: readonly C[],
  limits: CacheLimits,
  standing: Standing,
): Eviction<C>[] {
  const { heldSinceMs, nowMs, freeBytes = Infinity } = standing;
  const oldestMs = limits.maxAgeMs === undefined ? -Infinity : nowMs - limits.maxAgeMs;
  const isShort = freeBytes < limits.minFreeBytes;
  const isOver = standing.usedBytes > limits.ceilingBytes;
  const wantedFree = isShort ? limits.minFreeBytes * (1 + marginShare) : 0;
  const wantedUsed = isOver ? limits.ceilingBytes * (1 - marginShare) : Infinity;
  let [used, free] = [standing.usedBytes, freeBytes];
  const reasonFor = ({ lastUsedAtMs, freesBytes }: C): EvictionReason | undefined => {
    if (lastUsedAtMs < oldestMs) return 'age';
    if (free < wantedFree && freesBytes > 0) return 'free_space';
    return used > wantedUsed ? 'ceiling' : undefined;
  };
  const evictions: Eviction<C>[] = [];
  for (const candidate of [...candidates].sort(byTurn)) {
    const reason = candidate.lastUsedAtMs < heldSinceMs ? reasonFor(candidate) : undefined;
    if (reason === undefined) continue;
    if (used - candidate.sizeBytes < limits.floorBytes) break;
    used -= candidate.sizeBytes;
    free += candidate.freesBytes;
    evictions.push({ candidate, reason });
  }
  return evictions;
}

/** Equals go by name, so that two who choose at once choose the same. */
function byTurn(a: Candidate, b: Candidate): number {
  return ranks[a.rank] - ranks[b.rank] || a.lastUsedAtMs - b.lastUsedAtMs || (a.id < b.id ? -1 : 1);
}
