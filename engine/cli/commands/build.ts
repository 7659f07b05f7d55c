import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { addBuildOptions } from './build-options.ts';

/** Declares `flow build`. @param argv the whole command line: the same one may be answered from memory */
export function declareBuild(program: Command, argv: readonly string[]): void {
  const command = program
    .command('build')
    .description('build runs of videos (run:VIDEO) and targets of the workspace (//NAME)')
    .argument('<targets...>', 'what to build: see below');
  addBuildOptions(command)
    .option('-n, --dry-run', 'say what would run, why, and about how long it would take')
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      if (flags.dryRun) {
        const { planCommand } = await import('../explain/plan-command.ts');
        process.exitCode = await planCommand(targets, flags);
        return;
      }
      const { buildCommand } = await import('../build-command.ts');
      process.exitCode = await buildCommand(argv, targets, flags);
    });
}

const examples = `
Targets:
  run:VIDEO                     all components of the stage, for one file
  run:FOLDER   run:'*.mp4'      … for each video in a folder, or of a glob
  run:@LIST.txt                 … for each line of a list; a line with # is a comment
  run:VIDEO//COMPONENT          one component and what it needs
  run:VIDEO//COMPONENT:OUTPUT   … and print the path of this output
  //NAME   //NAME:OUTPUT        a component that needs no video
  //...                         all components that need no video

Examples:
  flow build run:clip.mp4 --stage baseline
  flow build run:'videos/*.mp4' run:@more.txt --profile default --json
  cuts=$(flow build -q run:clip.mp4//cut_detection:cuts)
  flow build //...

Exit status:
  0 all is there   1 a run failed   2 usage, configuration or graph is wrong   130 interrupted`;
