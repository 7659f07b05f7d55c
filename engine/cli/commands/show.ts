import type { Command } from 'commander';
import type { ShowFlags } from '../runs/show-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow show`. */
export function declareShow(program: Command): void {
  program
    .command('show')
    .description('show what a run did: statuses, timings, cache, models, outputs')
    .argument('[run]', 'run:VIDEO, an id or its beginning, a folder, or a manifest.json', 'latest')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--state <folder>', 'where the states of runs are (default: state)', toText)
    .option('--all', 'show rules, keys, digests and arrays, too')
    .option('--json', 'print one JSON document: the manifest, and where it is')
    .addHelpText('after', examples)
    .action(async (word: string, flags: ShowFlags) => {
      const { showCommand } = await import('../runs/show-command.ts');
      await showCommand(word, flags);
    });
}

const examples = `
Examples:
  flow show                            the run that was built last
  flow show run:clip.mp4               the latest run of a video
  flow show r-5f0c --all               by the beginning of its id, with every digest
  flow show result_store/local/clip-12345678/r-5f0c12ab34cd56ef --json`;
