import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { addPlanOptions, addRemoteOptions } from './build-options.ts';
import { toText } from './option-values.ts';

/** Declares `flow watch`. */
export function declareWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('build, and build again what a change of a video, rule, graph or profile affects')
    .argument('<targets...>', 'as for `flow build`');
  addRemoteOptions(addPlanOptions(command))
    .option('--state <folder>', 'where the states of runs go (default: state)', toText)
    .option('--dataprocessor-version <version>', 'noted in the manifest', 'unknown')
    .option('--plain', 'plain lines, no live view')
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { watchCommand } = await import('../watch/watch-command.ts');
      process.exitCode = await watchCommand(targets, flags);
    });
}

const examples = `
Examples:
  flow watch run:clip.mp4                   shows what each edit changes in the results
  flow watch run:clip.mp4//my_rule --profile fast

End it with Ctrl-C.`;
