/** What an audit asks: one thing that must hold of a run, of its components, or of its files. */

/** Where it does not hold: the evidence. */
export interface Fault {
  /** Relative to the run's folder; with the place inside the file after a '#'. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export interface Check<S> {
  /** Stable, for programs: `npz.order`. */
  readonly id: string;
  /** What holds where it passes. */
  readonly sentence: string;
  /** The faults of one subject; undefined where the subject has nothing that this is about. */
  readonly faultsOf: (subject: S) => readonly Fault[] | undefined;
}

/** What came of a check over all of its subjects. */
export interface Verdict extends Pick<Check<never>, 'id' | 'sentence'> {
  /** `SKIP` if there was nothing to examine. */
  readonly status: 'PASS' | 'FAIL' | 'SKIP';
  /** How many subjects were examined. */
  readonly examined: number;
  readonly faults: readonly Fault[];
}

/** A few checks, and what they have found so far. */
export class CheckList<S> {
  readonly #checks: readonly Check<S>[];
  readonly #faults = new Map<string, Fault[]>();
  readonly #examined = new Map<string, number>();

  constructor(checks: readonly Check<S>[]) {
    this.#checks = checks;
  }

  examine(subject: S): void {
    for (const { id, faultsOf } of this.#checks) {
      const faults = faultsOf(subject);
      if (faults === undefined) continue;
      this.#examined.set(id, (this.#examined.get(id) ?? 0) + 1);
      this.#faults.set(id, [...(this.#faults.get(id) ?? []), ...faults]);
    }
  }

  get verdicts(): Verdict[] {
    return this.#checks.map(({ id, sentence }) => {
      const examined = this.#examined.get(id) ?? 0;
      const faults = this.#faults.get(id) ?? [];
      return {
        id,
        sentence,
        status: faults.length > 0 ? 'FAIL' : examined > 0 ? 'PASS' : 'SKIP',
        examined,
        faults,
      };
    });
  }
}

/** The fault, if `holds` is false. */
export function unless(holds: boolean, fault: Fault): Fault[] {
  return holds ? [] : [fault];
}
