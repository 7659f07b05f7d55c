import type { Command } from 'commander';
import type { LineageFlags } from '../lineage/lineage-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow lineage`. */
export function declareLineage(program: Command): void {
  program
    .command('lineage')
    .description('show what a file or artifact was made from, and what was made from it')
    .argument('<artifact>', 'a file, or a digest or its beginning')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .option('--all', 'show each segment by itself, and whole digests')
    .option('--json', 'print one JSON document: both trees')
    .option('--openlineage', 'print a JSON list of OpenLineage events')
    .addHelpText('after', examples)
    .action(async (word: string, flags: LineageFlags) => {
      const { lineageCommand } = await import('../lineage/lineage-command.ts');
      await lineageCommand(word, flags);
    });
}

const examples = `
Examples:
  flow lineage clip.mp4                                     all that was made from a video
  flow lineage "$(flow build -q run:clip.mp4//cut_detection:cuts)"
  flow lineage b3:5f0c12ab34 --all                          by the beginning of a digest
  flow lineage clip.mp4 --openlineage > lineage.json`;
