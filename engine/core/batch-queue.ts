/**
 * What waits for a device, and which of it goes next as one batch. Batches are made of what can share a run of a model,
 * whoever asked for it; runs that were served longest ago go first. Nothing but arithmetic on a clock.
 */

export interface Waiting {
  /** What may share a batch has the same one: model and shapes. */
  readonly kind: string;
  /** The run of a video that asks. */
  readonly run: string;
  readonly items: number;
  /** When it came; milliseconds of a clock that never goes back. */
  readonly atMs: number;
}

export interface BatchLimits {
  readonly nowMs: number;
  /** Most items of a kind in one batch; 0 where none may go now. */
  readonly limitOf: (kind: string) => number;
  /** How long a batch that is not full waits for more; milliseconds. */
  readonly maxDelayMs: number;
}

export class BatchQueue<W extends Waiting> {
  /** By kind and then by run, the first the oldest. */
  readonly #kinds = new Map<string, Map<string, W[]>>();
  /** When each run was served last: a number that grows. */
  readonly #servedAt = new Map<string, number>();
  #served = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiting: W): void {
    const runs = this.#kinds.get(waiting.kind) ?? new Map<string, W[]>();
    this.#kinds.set(waiting.kind, runs);
    const line = runs.get(waiting.run);
    if (line) line.push(waiting);
    else runs.set(waiting.run, [waiting]);
    this.#size += 1;
  }

  /** Takes out the batch that goes next; undefined if none may go now. */
  take(limits: BatchLimits): readonly W[] | undefined {
    const due = [...this.#kinds].filter(([kind, runs]) => this.#isDue(kind, runs, limits));
    const [first] = due.sort(
      ([, a], [, b]) => this.#turnOf(a) - this.#turnOf(b) || oldestOf(a) - oldestOf(b),
    );
    return first && this.#fill(first[0], limits.limitOf(first[0]));
  }

  /** When a batch that waits for more has waited enough, if nothing comes; undefined if none waits. */
  dueMs({ limitOf, maxDelayMs }: Omit<BatchLimits, 'nowMs'>): number | undefined {
    const waiting = [...this.#kinds].filter(([kind]) => limitOf(kind) > 0);
    return waiting.length === 0
      ? undefined
      : Math.min(...waiting.map(([, runs]) => oldestOf(runs))) + maxDelayMs;
  }

  /** Takes out what nobody waits for any more. */
  remove(isUnwanted: (waiting: W) => boolean): readonly W[] {
    const removed: W[] = [];
    for (const [kind, runs] of this.#kinds)
      for (const [run, line] of runs) {
        removed.push(...line.filter(isUnwanted));
        this.#keep(
          kind,
          run,
          line.filter((one) => !isUnwanted(one)),
        );
      }
    this.#size -= removed.length;
    return removed;
  }

  #isDue(
    kind: string,
    runs: ReadonlyMap<string, readonly W[]>,
    { nowMs, limitOf, maxDelayMs }: BatchLimits,
  ): boolean {
    const limit = limitOf(kind);
    if (limit === 0) return false;
    return nowMs - oldestOf(runs) >= maxDelayMs || itemsIn(runs) >= limit;
  }

  /** Of the run in it that was served longest ago. */
  #turnOf(runs: ReadonlyMap<string, unknown>): number {
    return Math.min(...[...runs.keys()].map((run) => this.#servedAt.get(run) ?? 0));
  }

  /** One of each run in turn, as long as there is room. */
  #fill(kind: string, limit: number): readonly W[] {
    const batch: W[] = [];
    let room = limit;
    for (let hasTaken = true; hasTaken; ) {
      hasTaken = false;
      for (const run of this.#inTurn(kind)) {
        const line = this.#kinds.get(kind)!.get(run)!;
        if (batch.length > 0 && line[0]!.items > room) continue;
        batch.push(line[0]!);
        room -= line[0]!.items;
        hasTaken = true;
        this.#servedAt.set(run, ++this.#served);
        this.#keep(kind, run, line.slice(1));
      }
    }
    this.#size -= batch.length;
    return batch;
  }

  #inTurn(kind: string): string[] {
    const runs = [...(this.#kinds.get(kind)?.keys() ?? [])];
    return runs.sort((a, b) => (this.#servedAt.get(a) ?? 0) - (this.#servedAt.get(b) ?? 0));
  }

  #keep(kind: string, run: string, line: W[]): void {
    const runs = this.#kinds.get(kind)!;
    if (line.length > 0) runs.set(run, line);
    else runs.delete(run);
    if (runs.size === 0) this.#kinds.delete(kind);
  }
}

function oldestOf(runs: ReadonlyMap<string, readonly Waiting[]>): number {
  return Math.min(...[...runs.values()].map(([first]) => first!.atMs));
}

function itemsIn(runs: ReadonlyMap<string, readonly Waiting[]>): number {
  return [...runs.values()].flat().reduce((sum, { items }) => sum + items, 0);
}
