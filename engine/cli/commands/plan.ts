import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { addPlanOptions, addRemoteChoice } from './build-options.ts';

/** Declares `flow plan`. */
export function declarePlan(program: Command): void {
  const command = program
    .command('plan')
    .description('say what a build would run, why, and about how long it would take; builds nothing')
    .argument('<targets...>', 'as for `flow build`');
  addRemoteChoice(addPlanOptions(command))
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { planCommand } = await import('../explain/plan-command.ts');
      process.exitCode = await planCommand(targets, flags);
    });
}

const examples = `
Examples:
  flow plan run:clip.mp4                    what \`flow build run:clip.mp4\` would do
  flow plan run:'videos/*.mp4' --profile fast --json`;
