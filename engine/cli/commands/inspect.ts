import type { Command } from 'commander';
import type { InspectFlags } from '../inspect/inspect-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow inspect`. */
export function declareInspect(program: Command): void {
  program
    .command('inspect')
    .description('show what a file of results holds: meta, arrays, statistics, pictures')
    .argument('<file>', 'an .npz, .npy or .json file, FILE:ARRAY, a folder, or an output of a run')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--json', 'print one JSON document: every number')
    .addHelpText('after', examples)
    .action(async (word: string, flags: InspectFlags) => {
      const { inspectCommand } = await import('../inspect/inspect-command.ts');
      process.exitCode = await inspectCommand(word, flags);
    });
}

const examples = `
Forms:
  FILE                  its meta, and a line for each array
  FILE:ARRAY            one array: quantiles, values, course or map, histogram
  FILE:ARRAY[3]         … of one place of its first axis
  FILE:ARRAY[10:20]     … of a range; [-5:] are the last five
  FOLDER                the files in it that can be inspected
  run:VIDEO//COMPONENT:OUTPUT[:ARRAY]   the file of an output, in the latest run of the video

Examples:
  flow inspect motion.npz
  flow inspect run:clip.mp4//loudness_extractor:loudness
  flow inspect 'motion.npz:motion_energy[-30:]'
  flow inspect motion.npz:times_sec --json

Exit status:
  0 all was shown   1 a file or an array cannot be read   2 there is no such array`;
