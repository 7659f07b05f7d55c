/** Tells a person what a build does while it does it. */
import type { Listener } from '../core/events.ts';
import type { BuildFlags } from './build-flags.ts';

export interface Reporter {
  readonly listen: Listener;
  /** The first interrupt has come. */
  stopping(): void;
  /** The build is over, well or not: the terminal is as it was before. */
  close(): void;
}

export const stoppingText = 'Stopping: what runs is finished first. Interrupt again to stop now.';

/** A view that redraws itself is for people at a terminal who have not asked for less. */
export function wantsView(
  { isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>,
  { plain, quiet }: Pick<BuildFlags, 'plain' | 'quiet'>,
  { CI, NO_COLOR, TERM }: NodeJS.ProcessEnv,
): boolean {
  return isTTY && !plain && !quiet && !CI && !NO_COLOR && TERM !== 'dumb';
}
