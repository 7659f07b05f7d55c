import type { Command } from 'commander';
import type { BuildFlags } from '../build-flags.ts';
import { toJobs, toText } from './option-values.ts';

/** Declares `flow build`. @param argv the whole command line: the same one may be answered from memory */
export function declareBuild(program: Command, argv: readonly string[]): void {
  program
    .command('build')
    .description('build runs of videos (run:VIDEO) and targets of the workspace (//NAME)')
    .argument('<targets...>', 'what to build: see below')
    .option('--stage <name>', 'stage of the graph (default: "stage" of flow.yaml, else baseline)', toText)
    .option('--profile <name>', 'profile, or the path of one (default: "profile" of flow.yaml)', toText)
    .option('--results <folder>', 'where the results of videos go (default: result_store)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .option('-j, --jobs <count>', 'cores to use (default: all)', toJobs)
    .option('--json', 'print one JSON document: the summary, or the errors')
    .option('--events <file>', 'write every event as a line of JSON; "-" is standard output', toText)
    .option('--plain', 'no progress line')
    .option('-q, --quiet', 'say nothing but errors, and paths that a target asks for')
    .option('--verbose', 'show stacks of errors')
    .option('--platform-id <id>', 'platform of the videos', 'local')
    .option('--video-id <id>', "id of the video (default: its file's name and digest)")
    .option('--run-id <id>', 'id of the run (default: made of what the run depends on)')
    .option('--dataprocessor-version <version>', 'noted in the manifest', 'unknown')
    .addHelpText('after', examples)
    .action(async (targets: string[], flags: BuildFlags) => {
      const { buildCommand } = await import('../build-command.ts');
      process.exitCode = await buildCommand(argv, targets, flags);
    });
}

const examples = `
Targets:
  run:VIDEO                     all components of the stage, for one file
  run:FOLDER   run:'*.mp4'      … for each video in a folder, or of a glob
  run:@LIST.txt                 … for each line of a list; a line with # is a comment
  run:VIDEO//COMPONENT          one component and what it needs
  run:VIDEO//COMPONENT:OUTPUT   … and print the path of this output
  //NAME   //NAME:OUTPUT        a component that needs no video
  //...                         all components that need no video

Examples:
  flow build run:clip.mp4 --stage baseline
  flow build run:'videos/*.mp4' run:@more.txt --profile default --json
  cuts=$(flow build -q run:clip.mp4//cut_detection:cuts)
  flow build //...

Exit status:
  0 all is there   1 a run failed   2 usage, configuration or graph is wrong   130 interrupted`;
