/** What a check of `flow doctor` finds. */

/** `info`: worth knowing, neither good nor bad. */
export type Level = 'pass' | 'info' | 'warn' | 'fail';

export interface Finding {
  /** What was looked at: 'ffmpeg', 'cache folder'. */
  readonly name: string;
  readonly level: Level;
  /** What there is: a version, a size, a path, or why it does not work. */
  readonly found: string;
  /** How to mend it; wherever the level is `warn` or `fail`. */
  readonly fix?: string;
}

export interface Check {
  readonly area:
    | 'machine'
    | 'programs'
    | 'packages'
    | 'models'
    | 'workspace'
    | 'folders'
    | 'results'
    | 'states'
    | 'remote';
  /** The name of its finding, should it not come to one. */
  readonly name: string;
  /** @throws anything: it becomes a finding */
  examine(signal: AbortSignal): Promise<readonly Finding[]> | readonly Finding[];
}
