import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import type { PromoteFlags } from '../cache/promote-command.ts';
import type { PushFlags } from '../cache/push-command.ts';
import { addPlanOptions } from './build-options.ts';
import { toCount, toText } from './option-values.ts';

/** Declares `flow cache push`. */
export function declarePush(cache: Command): void {
  transfer(cache, 'push', 'send results of the local cache to the bucket; executes nothing')
    .argument('[targets...]', 'as for `flow build` (default: what earlier builds have left to send)')
    .option('--all', 'every result of the local cache')
    .option('--remote-scratch', 'send to its scratch part, which trusted readers do not read')
    .addHelpText('after', pushExamples)
    .action(async (targets: string[], flags: PushFlags) => {
      const { pushCommand } = await import('../cache/push-command.ts');
      process.exitCode = await pushCommand(targets, flags);
    });
}

/** Declares `flow cache pull`. */
export function declareCachePull(cache: Command): void {
  transfer(cache, 'pull', 'bring all results and blobs of runs into the local cache; executes nothing')
    .argument('<targets...>', 'as for `flow build`')
    .option('--remote-scratch', 'also from its scratch part')
    .addHelpText('after', pullExamples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { pullCommand } = await import('../cache/pull-command.ts');
      process.exitCode = await pullCommand(targets, flags);
    });
}

/** Declares `flow cache promote`. */
export function declarePromote(cache: Command): void {
  transfer(
    cache,
    'promote',
    'vouch for results of the scratch part: check them, sign them, copy them to the trusted one',
  )
    .argument('[targets...]', 'as for `flow build`')
    .option('--all', 'everything in the scratch part')
    .option('--recompute <count>', 'make so many of the results anew here first, and compare', toCount)
    .option('-n, --dry-run', 'check everything and write nothing')
    .addHelpText('after', promoteExamples)
    .action(async (targets: string[], flags: PromoteFlags) => {
      const { promoteCommand } = await import('../cache/promote-command.ts');
      process.exitCode = await promoteCommand(targets, flags);
    });
}

function transfer(cache: Command, name: string, description: string): Command {
  return addPlanOptions(cache.command(name).description(description))
    .option(
      '--remote <url>',
      'the cache that machines share, s3://BUCKET/PREFIX (default: $FLOW_REMOTE, else "remote" of flow.yaml)',
      toText,
    )
    .option('--json', 'print one JSON document');
}

const pushExamples = `
Examples:
  flow cache push run:clip.mp4        whatever is said to be there is looked up again
  flow cache push                     what \`flow build --no-wait\` has left
  flow cache push --all --json

Exit status:
  0 all that is wanted is there
  1 something could not be sent, or has not been built here
  130 interrupted; the next one sends the rest`;

const pullExamples = `
Examples:
  flow cache pull run:'talks/*.mp4'   before a journey
  flow build run:'talks/*.mp4' --offline

Exit status:
  0 everything of the runs is here   1 the bucket lacks something, which is listed`;

const promoteExamples = `
Examples:
  flow cache promote run:clip.mp4 --recompute 5
  flow cache promote --all --dry-run

Needs the signing key of a trusted writer: \`flow keys new\`. Nothing that comes from the bucket is executed.

Exit status:
  0 all that is wanted is trusted now   1 something was refused, or nobody has sent it`;
