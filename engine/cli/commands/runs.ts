import { type Command, Option } from 'commander';
import type { RunsFlags } from '../runs/runs-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow runs`. */
export function declareRuns(program: Command): void {
  program
    .command('runs')
    .description('list the runs of a results folder, newest first')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--state <folder>', 'where the states of runs are (default: state)', toText)
    .option('--platform <id>', 'only those of this platform', toText)
    .option('--video <name>', 'only those of videos whose id or file name begins so', toText)
    .addOption(new Option('--status <status>', 'only those with this status').choices(statuses))
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (flags: RunsFlags) => {
      const { runsCommand } = await import('../runs/runs-command.ts');
      await runsCommand(flags);
    });
}

const statuses = ['running', 'interrupted', 'success', 'partial', 'error', 'cancelled'];

const examples = `
Examples:
  flow runs
  flow runs --video clip --status error
  flow runs --json --results /mnt/results
  flow show r-5f0c                     more about one of them, by the beginning of its id`;
