/** A process that builds when it is told to, again and again. It has loaded the engine by then. */
import { flushCompileCache } from 'node:module';
import { buildCommand } from '../../engine/cli/build-command.ts';
import type { BuildFlags } from '../../engine/cli/build-flags.ts';
import { errorsIn, errorText } from '../../engine/cli/error-text.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { KillingDisk, type KillMoment } from './killing-disk.ts';

export interface Order {
  readonly targets: readonly string[];
  readonly flags: BuildFlags;
  /** The line of a journal at which the process is to die, from 1. */
  readonly kill?: { readonly at: number; readonly moment: KillMoment } | undefined;
}

export interface Answer {
  readonly status: number;
  /** What kept the build from beginning. */
  readonly errors: readonly string[];
}

flushCompileCache(); // Those that are started later load in half the time.

process.on('message', (order: Order) => {
  void carryOut(order).then((answer) => process.send!(answer)); // It was forked: there is a channel.
});

async function carryOut({ targets, flags, kill }: Order): Promise<Answer> {
  const disk = kill ? new KillingDisk(kill.at, kill.moment) : new RealDisk();
  try {
    return { status: await buildCommand(['build', ...targets], targets, flags, { disk }), errors: [] };
  } catch (thrown) {
    return { status: 1, errors: errorsIn(thrown).map(errorText) };
  }
}
