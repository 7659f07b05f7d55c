/** How much of a build is still to do, in time: from what its actions took before, and from what they take now. */

/** What actions took in earlier builds. */
export interface DurationHistory {
  /** Usual duration of one action of a component; milliseconds. Undefined if it has never run. */
  expectedMs(component: string): number | undefined;
}

/** So many actions of a component make this build's own mean better than the history of other films. */
const enoughActions = 3;

export class WorkLeft {
  readonly #history: DurationHistory;
  readonly #components = new Map<string, Work>();
  readonly #all: Work = newWork();

  constructor(history: DurationHistory) {
    this.#history = history;
  }

  /** Summed duration of all that has run; milliseconds. */
  get spentMs(): number {
    return this.#all.spentMs;
  }

  /** @param count how many more actions are to come; negative where they are settled */
  add(component: string, count: number): void {
    this.#of(component).left += count;
    this.#all.left += count;
  }

  ran(component: string, durationMs: number): void {
    for (const work of [this.#of(component), this.#all]) {
      work.ran += 1;
      work.spentMs += durationMs;
    }
  }

  /** @returns milliseconds that one action is likely to take; undefined as long as nothing is known */
  expectedMs(component: string): number | undefined {
    const own = this.#components.get(component);
    if (own && own.ran >= enoughActions) return own.spentMs / own.ran;
    return this.#history.expectedMs(component) ?? meanOf(own) ?? meanOf(this.#all);
  }

  /** @returns milliseconds that all actions to come would take one after the other; undefined if that is not known */
  leftMs(): number | undefined {
    let sumMs = 0;
    for (const [component, { left }] of this.#components) {
      if (left === 0) continue;
      const expectedMs = this.expectedMs(component);
      if (expectedMs === undefined) return undefined;
      sumMs += left * expectedMs;
    }
    return sumMs;
  }

  #of(component: string): Work {
    const work = this.#components.get(component) ?? newWork();
    this.#components.set(component, work);
    return work;
  }
}

interface Work {
  left: number;
  ran: number;
  spentMs: number;
}

function newWork(): Work {
  return { left: 0, ran: 0, spentMs: 0 };
}

function meanOf(work: Work | undefined): number | undefined {
  return work && work.ran > 0 ? work.spentMs / work.ran : undefined;
}
