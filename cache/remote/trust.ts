import type { WriterKey } from './writer-key.ts';

export interface TrustSetting {
  /** Undefined: whoever may write to the bucket is trusted, signed or not. */
  readonly trusted: readonly WriterKey[] | undefined;
  /** The key of this machine: it counts as trusted wherever some are listed. */
  readonly own: WriterKey | undefined;
}

/** Whose results a reader takes. */
export class Trust {
  readonly #writers: ReadonlySet<string> | undefined;

  constructor({ trusted, own }: TrustSetting) {
    this.#writers = trusted && new Set(own === undefined ? trusted : [...trusted, own]);
  }

  /** Why nothing of a writer is taken, as 'it …'; undefined if it is. @param writer undefined where nobody has signed */
  faultOf(writer: string | undefined): string | undefined {
    if (!this.#writers) return undefined;
    if (writer === undefined) return 'it is not signed, and only results of trusted_keys are taken';
    return this.#writers.has(writer) ? undefined : `its writer ${writer} is none of trusted_keys`;
  }
}

/** Takes what anybody has written, if its signature fits: for those who ask whether a result is one at all. */
export const anybody = new Trust({ trusted: undefined, own: undefined });
