import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { addPlanOptions, addRemoteChoice } from './build-options.ts';

/** Declares `flow why`. */
export function declareWhy(program: Command): void {
  const command = program
    .command('why')
    .description('say why a component ran, was cached or would run, ingredient by ingredient')
    .argument('<targets...>', 'run:VIDEO//COMPONENT, run:VIDEO or //NAME');
  addRemoteChoice(addPlanOptions(command))
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { whyCommand } = await import('../explain/why-command.ts');
      process.exitCode = await whyCommand(targets, flags);
    });
}

const examples = `
Examples:
  flow why run:clip.mp4//cut_detection      what differs from the nearest earlier key, old → new
  flow why run:clip.mp4 --profile fast      every component of the stage
  flow why //word_count --json              as data, with every cause upstream`;
