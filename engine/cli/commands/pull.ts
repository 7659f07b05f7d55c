import type { Command } from 'commander';
import type { PullFlags } from '../storage/pull-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow pull`. */
export function declarePull(program: Command): void {
  program
    .command('pull')
    .description('copy runs from where they are stored into a folder')
    .argument('<runs...>', 'run:VIDEO, ids or their beginnings, globs, or latest')
    .requiredOption('--to <folder>', 'where the results go: FOLDER/platform/video/run', toText)
    .option('--state-to <folder>', 'where their states go, too', toText)
    .option('--results <place>', 'where the results of videos are: a folder or s3://bucket/prefix', toText)
    .option('--state <place>', 'where the states of runs are: a folder or s3://bucket/prefix', toText)
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (words: string[], flags: PullFlags) => {
      const { pullCommand } = await import('../storage/pull-command.ts');
      await pullCommand(words, flags);
    });
}

const examples = `
Examples:
  flow pull run:clip.mp4 --to here     the latest run of a video
  flow pull 'local/*/*' --to backup --state-to backup-state
  flow pull r-5f0c --results s3://features/talks --to here

Every file is checked against its digest, and one that is there already is not copied again. Afterwards
\`--results FOLDER\` reads what was pulled.`;
