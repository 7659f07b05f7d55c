import type { Command } from 'commander';
import type { GcFlags } from '../cache/gc-command.ts';
import type { CacheFlags } from '../cache/open-cache.ts';
import type { RmFlags } from '../cache/rm-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow cache`, whose subcommands each declare themselves. */
export function declareCache(program: Command): void {
  const cache = program
    .command('cache')
    .description('look into the local cache, and keep it in order')
    .addHelpText('after', examples);
  for (const declare of [declareStats, declareGc, declareVerify, declareLs, declareRm]) declare(cache);
}

function declareStats(cache: Command): void {
  subcommand(cache, 'stats', 'show how much the cache holds, and what its limits are').action(
    async (flags: CacheFlags) => {
      const { statsCommand } = await import('../cache/stats-command.ts');
      await statsCommand(flags);
    },
  );
}

function declareGc(cache: Command): void {
  subcommand(cache, 'gc', 'bring the cache within its limits at once; builds do so by themselves')
    .option('--dry-run', 'only show what would go, and why')
    .action(async (flags: GcFlags) => {
      const { gcCommand } = await import('../cache/gc-command.ts');
      await gcCommand(flags);
    });
}

function declareVerify(cache: Command): void {
  subcommand(cache, 'verify', 'read everything in the cache, and take out what is damaged').action(
    async (flags: CacheFlags) => {
      const { verifyCommand } = await import('../cache/verify-command.ts');
      process.exitCode = await verifyCommand(flags);
    },
  );
}

function declareLs(cache: Command): void {
  subcommand(cache, 'ls', 'list results and blobs, the most recently used first')
    .argument('[entries...]', 'components; keys and digests, or what they begin with')
    .action(async (words: readonly string[], flags: CacheFlags) => {
      const { lsCommand } = await import('../cache/ls-command.ts');
      await lsCommand(words, flags);
    });
}

function declareRm(cache: Command): void {
  subcommand(cache, 'rm', 'remove results, with the bytes that only they name, or blobs')
    .argument('<entries...>', 'components; keys and digests, or what they begin with')
    .option('--dry-run', 'only show what would be removed')
    .option('-y, --yes', 'do not ask')
    .action(async (words: readonly string[], flags: RmFlags) => {
      const { rmCommand } = await import('../cache/rm-command.ts');
      await rmCommand(words, flags);
    });
}

/** A subcommand with the flags that all of them have. */
function subcommand(cache: Command, name: string, description: string): Command {
  return cache
    .command(name)
    .description(description)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .option('--json', 'print one JSON document');
}

const examples = `
Examples:
  flow cache stats
  flow cache gc --dry-run              what a collection would take, and why
  flow cache verify                    after trouble with a disk
  flow cache ls core_clip              what is there of a component
  flow cache rm core_clip --yes        have it made again

Limits are set in flow.yaml: cache: { floor: 1GiB, min_free: 5%, ceiling: 50GiB, max_age: 90d }.`;
