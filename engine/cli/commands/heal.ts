import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { addBuildOptions } from './build-options.ts';

/** Declares `flow heal`. */
export function declareHeal(program: Command, argv: readonly string[]): void {
  const command = program
    .command('heal')
    .description('build only what failed, was skipped or is damaged in a run, and leave the rest as it is')
    .argument('<targets...>', 'runs of videos: run:VIDEO');
  addBuildOptions(command)
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { healCommand } = await import('../heal/heal-command.ts');
      process.exitCode = await healCommand(argv, targets, flags);
    });
}

const examples = `
Examples:
  flow heal run:clip.mp4                  once the reason of the failure is mended
  flow heal run:'videos/*.mp4' --json     every run of these videos that is partial`;
