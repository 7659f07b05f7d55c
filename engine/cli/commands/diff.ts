import type { Command } from 'commander';
import type { DiffFlags } from '../diff/diff-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow diff`. */
export function declareDiff(program: Command): void {
  program
    .command('diff')
    .description('show in what two runs differ: identity, params, models, and array by array')
    .argument('<run>', 'run:VIDEO, an id or its beginning, a folder, or a manifest.json')
    .argument('<other>', 'the run to hold against it')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--json', 'print one JSON document: every difference')
    .addHelpText('after', examples)
    .action(async (run: string, other: string, flags: DiffFlags) => {
      const { diffCommand } = await import('../diff/diff-command.ts');
      process.exitCode = await diffCommand([run, other], flags);
    });
}

const examples = `
Arrays of the same name are compared element by element; NaN equals NaN, and 0 equals -0. Where only their lengths
differ, ROWS says what was compared: those of equal times, if both files have times_sec, else the prefix that both
have. Ids, times of day, durations and what came from the cache are no difference. --json has all columns.

Examples:
  flow diff r-5f0c r-77ab              two runs of this workspace, by the beginning of their ids
  flow diff run:a.mp4 run:b.mp4        the latest runs of two videos
  flow diff old/result_store/local/clip-1a2b3c4d/r-5f0c8e21 run:clip.mp4 --json

Exit status:
  0 nothing differs   1 something differs   2 a run cannot be found or read`;
