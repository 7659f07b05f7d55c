/** The commands of `flow`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { type FlowError, formatError, isUsage, toFlowError } from '../core/errors.ts';
import { type BuildFlags, buildCommand } from './build-command.ts';
import { flowVersion } from './version.ts';

/** Runs the command line and sets the exit status: 0, 1, 2 or 130. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = commands(argv);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    process.exitCode = explain(thrown, argv.includes('--verbose'));
  }
}

function commands(argv: readonly string[]): Command {
  const program = new Command('flow')
    .description('Builds video-ML features: runs what a change can affect, reuses the rest.')
    .version(flowVersion)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true });
  program
    .command('build')
    .description('build runs of videos (run:VIDEO) and targets of the workspace (//NAME)')
    .argument(
      '<targets...>',
      'run:VIDEO[//COMPONENT], run:FOLDER, run:"GLOB", run:@LIST.txt, //NAME or //...',
    )
    .option('--stage <name>', 'stage of the graph')
    .option('--profile <name>', 'profile, or the path of one')
    .option('--results <folder>', 'where results go')
    .option('--cache-dir <folder>', 'the local cache')
    .option('-j, --jobs <count>', 'cores to use', toJobs)
    .option('--json', 'print one JSON summary')
    .option('--events <file>', 'write every event as a line of JSON; "-" is standard output')
    .option('--plain', 'no progress line')
    .option('-q, --quiet', 'say nothing but errors')
    .option('--verbose', 'show stacks')
    .option('--platform-id <id>', 'platform of the videos', 'local')
    .option('--video-id <id>', 'id of the video')
    .option('--run-id <id>', 'id of the run')
    .option('--dataprocessor-version <version>', 'noted in the manifest', 'unknown')
    .addHelpText('after', buildExamples)
    .exitOverride()
    .action(async (targets: string[], flags: BuildFlags) => {
      process.exitCode = await buildCommand(argv, targets, flags);
    });
  program
    .command('init')
    .description('make a workspace here: flow.yaml, a profile, and an example rule of your own')
    .argument('[folder]', 'where', '.')
    .exitOverride()
    .action(async (folder: string) => {
      const { initCommand } = await import('./init-command.ts');
      initCommand(folder);
    });
  return program;
}

const buildExamples = `
Examples:
  flow build run:clip.mp4 --stage baseline
  flow build run:'videos/*.mp4' --profile default --json
  flow build run:clip.mp4//cut_detection
  flow build //...
`;

function toJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1024) return jobs;
  throw new InvalidArgumentError('Write a whole number from 1 to 1024.');
}

/** Prints what went wrong. @returns the exit status */
function explain(thrown: unknown, isVerbose: boolean): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2; // It has printed its own words.
  const errors = thrown instanceof AggregateError ? thrown.errors.map(toFlowError) : [toFlowError(thrown)];
  for (const error of errors) process.stderr.write(`${formatError(error)}\n${stackOf(error, isVerbose)}`);
  return errors.every((error: FlowError) => isUsage(error.code)) ? 2 : 1;
}

function stackOf(error: FlowError, isVerbose: boolean): string {
  if (!isVerbose && error.code !== 'internal') return '';
  const cause = error.cause instanceof Error ? error.cause : error;
  return `${cause.stack ?? ''}\n`;
}
