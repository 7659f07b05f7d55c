import type { Command } from 'commander';
import { toJobs, toText } from './option-values.ts';

/** The options that say what a build is, for the commands that look at one. */
export function addPlanOptions(command: Command): Command {
  return command
    .option('--stage <name>', 'stage of the graph (default: "stage" of flow.yaml, else baseline)', toText)
    .option('--profile <name>', 'profile, or the path of one (default: "profile" of flow.yaml)', toText)
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .option('-j, --jobs <count>', 'cores that a build would use (default: all)', toJobs)
    .option('--platform-id <id>', 'platform of the videos', 'local')
    .option('--video-id <id>', "id of the video (default: its file's name and digest)")
    .option('--run-id <id>', 'id of the run (default: made of what the run depends on)')
    .option('--verbose', 'show stacks of errors, and what was cached');
}

/** The options that say which remote cache a command looks into. */
export function addRemoteChoice(command: Command): Command {
  return command
    .option(
      '--remote <url>',
      'the cache that machines share, s3://BUCKET/PREFIX (default: $FLOW_REMOTE, else "remote" of flow.yaml)',
      toText,
    )
    .option('--remote-scratch', 'use its scratch part, too, and send there: trusted readers do not read it')
    .option('--offline', 'use no remote cache, and fetch no model');
}

/** The options that say which remote cache a command uses, and how. */
export function addRemoteOptions(command: Command): Command {
  return addRemoteChoice(command)
    .option('--remote-read-only', 'take from it, send nothing')
    .option('--remote-required', 'end with an error if it cannot be used')
    .option('--no-wait', 'leave what is not sent when the build ends to the next build');
}

/** The options of the commands that build. */
export function addBuildOptions(command: Command): Command {
  return addRemoteOptions(addPlanOptions(command))
    .option('--json', 'print one JSON document: the summary, or the errors')
    .option('--state <folder>', 'where the states of runs go (default: state)', toText)
    .option('-k, --keep-going', 'after a failure, build all that does not depend on it')
    .option('--explain', 'say of everything that ran why it did')
    .option('--events <file>', 'write every event as a line of JSON; "-" is standard output', toText)
    .option('--trace <file>', 'write what ran when, for ui.perfetto.dev', toText)
    .option('--plain', 'plain lines, no live view')
    .option('-q, --quiet', 'say nothing but errors, and paths that a target asks for')
    .option('--dataprocessor-version <version>', 'noted in the manifest', 'unknown');
}
