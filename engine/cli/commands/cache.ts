import { type Command, InvalidArgumentError } from 'commander';
import { FlowError } from '../../core/errors.ts';
import type { GcFlags } from '../cache/gc-command.ts';
import type { BucketFlags } from '../cache/open-bucket.ts';
import type { CacheFlags } from '../cache/open-cache.ts';
import type { RemoteGcFlags } from '../cache/remote-gc-command.ts';
import type { RemoteVerifyFlags } from '../cache/remote-verify-command.ts';
import type { RmFlags } from '../cache/rm-command.ts';
import { declareCachePull, declarePromote, declarePush } from './cache-transfers.ts';
import { toAgeMs, toText } from './option-values.ts';

/** Declares `flow cache`, whose subcommands each declare themselves. */
export function declareCache(program: Command): void {
  const cache = program
    .command('cache')
    .description('look into the local cache or the remote one, and keep them in order')
    .addHelpText('after', examples);
  for (const declare of [declareStats, declareGc, declareVerify, declareLs, declareRm]) declare(cache);
  for (const declare of [declarePush, declareCachePull, declarePromote]) declare(cache);
}

function declareStats(cache: Command): void {
  forEither(subcommand(cache, 'stats', 'show how much the cache holds, and what its limits are')).action(
    async (flags: CacheFlags & BucketFlags) => {
      if (flags.remote) {
        const { remoteStatsCommand } = await import('../cache/remote-stats-command.ts');
        return remoteStatsCommand(flags);
      }
      const { statsCommand } = await import('../cache/stats-command.ts');
      await statsCommand(flags);
    },
  );
}

function declareGc(cache: Command): void {
  forEither(subcommand(cache, 'gc', 'bring the cache within its limits at once; builds do so by themselves'))
    .option('--dry-run', 'only show what would go, and why')
    .option(
      '--older-than <age>',
      'of the bucket: what was sent before, as 12h, 30d, 8w (default: 30d)',
      toAgeMs,
    )
    .option('-y, --yes', 'of the bucket: do not ask')
    .addHelpText('after', gcExamples)
    .action(async (flags: GcFlags & RemoteGcFlags) => {
      if (flags.remote) {
        const { remoteGcCommand } = await import('../cache/remote-gc-command.ts');
        return remoteGcCommand(flags);
      }
      refuseForLocal({ '--older-than': flags.olderThan, '--yes': flags.yes });
      const { gcCommand } = await import('../cache/gc-command.ts');
      await gcCommand(flags);
    });
}

function declareVerify(cache: Command): void {
  forEither(subcommand(cache, 'verify', 'read everything in the cache, and take out what is damaged'))
    .option('--repair', 'of the bucket: remove what is bad')
    .addHelpText('after', verifyExamples)
    .action(async (flags: CacheFlags & RemoteVerifyFlags) => {
      if (flags.remote) {
        const { remoteVerifyCommand } = await import('../cache/remote-verify-command.ts');
        process.exitCode = await remoteVerifyCommand(flags);
        return;
      }
      refuseForLocal({ '--repair': flags.repair });
      const { verifyCommand } = await import('../cache/verify-command.ts');
      process.exitCode = await verifyCommand(flags);
    });
}

function declareLs(cache: Command): void {
  forEither(
    subcommand(cache, 'ls', 'list results and blobs, the most recently used first; of a bucket its runs'),
  )
    .argument('[entries...]', 'components; keys and digests, or what they begin with')
    .action(async (words: readonly string[], flags: CacheFlags & BucketFlags) => {
      if (flags.remote) {
        if (words.length > 0)
          throw wrongUse(words[0]!, 'Cannot choose among the runs of a bucket.', 'Leave it out.');
        const { remoteLsCommand } = await import('../cache/remote-ls-command.ts');
        return remoteLsCommand(flags);
      }
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

/** Of commands that can look into the bucket instead of the local cache. */
function forEither(command: Command): Command {
  return command.option(
    '--remote [url]',
    'the bucket that machines share instead: s3://BUCKET/PREFIX (default: $FLOW_REMOTE, else "remote" of flow.yaml)',
    toBucket,
  );
}

/** @throws {FlowError} `config_invalid` if one of the flags has a value: it is about the bucket */
function refuseForLocal(flags: Readonly<Record<string, unknown>>): void {
  for (const [flag, value] of Object.entries(flags))
    if (value !== undefined)
      throw wrongUse(
        flag,
        `Cannot use ${flag} on the local cache: it is about a bucket.`,
        'Add --remote, or leave it out.',
      );
}

function wrongUse(where: string, message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where, message, fix });
}

/** An entry behind the flag would pass for its value. */
function toBucket(text: string): string {
  if (text.startsWith('s3://')) return text;
  throw new InvalidArgumentError('Write s3://BUCKET/PREFIX, or nothing.');
}

const gcExamples = `
Examples:
  flow cache gc --dry-run
  flow cache gc --remote               what of the bucket is old, and needed by nothing that is young
  flow cache gc --remote --older-than 8w --yes`;

const verifyExamples = `
Examples:
  flow cache verify
  flow cache verify --remote           reads all of the bucket

Exit status:
  0 all is sound   1 something is not, which is listed`;

const examples = `
Examples:
  flow cache stats
  flow cache gc --dry-run              what a collection would take, and why
  flow cache verify                    after trouble with a disk
  flow cache ls core_clip              what is there of a component
  flow cache rm core_clip --yes        have it made again
  flow cache push run:clip.mp4         see to it that all of a run is in the bucket
  flow cache pull run:clip.mp4         bring all of it here, to be built without a network
  flow cache gc --remote               what of the bucket nobody needs; --yes removes it

Limits are set in flow.yaml: cache: { floor: 1GiB, min_free: 5%, ceiling: 50GiB, max_age: 90d }.`;
