import type { Command } from 'commander';
import type { CleanFlags } from '../clean/clean-command.ts';
import { toAgeMs, toText } from './option-values.ts';

/** Declares `flow clean`. */
export function declareClean(program: Command): void {
  program
    .command('clean')
    .description('remove what flow remembers of the workspace; or results, or the cache')
    .option('--runs <runs...>', 'remove these runs: results and state')
    .option('--older-than <age>', 'remove only runs that ended longer ago: 12h, 30d, 8w', toAgeMs)
    .option('--all', 'remove the results and states of all runs, and all that flow remembers')
    .option('--cache', 'remove the local cache, which other workspaces may share')
    .option('--dry-run', 'only show what would be removed')
    .option('-y, --yes', 'do not ask')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .addHelpText('after', examples)
    .action(async (flags: CleanFlags) => {
      const { cleanCommand } = await import('../clean/clean-command.ts');
      await cleanCommand(flags);
    });
}

const examples = `
Examples:
  flow clean                            what the next build makes again: bundles, records
  flow clean --runs run:clip.mp4        the latest run of a video, after asking
  flow clean --older-than 30d --dry-run
  flow clean --all --cache --yes        everything, without asking

Only folders with a manifest.json of flow are removed as runs, and links are never followed.`;
