/** The commands of `flow`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { FlowError, isUsage } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { buildCommand } from './build-command.ts';
import type { BuildFlags } from './build-flags.ts';
import { errorsIn, errorText } from './error-text.ts';
import { ignoreClosedPipe } from './ignore-closed-pipe.ts';
import { summariseFailure } from './summary.ts';
import { flowVersion } from './version.ts';

/** Runs the command line and sets the exit status: 0, 1, 2 or 130. */
export async function main(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const onCutOff = (): void => {
    process.exitCode = explain(cutOff(), argv);
  };
  process.on('exit', onCutOff);
  const program = commands(argv);
  try {
    checkHelp(program, argv);
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
  } catch (thrown) {
    process.exitCode = explain(thrown, argv);
  } finally {
    process.off('exit', onCutOff);
  }
}

/** A rule that ends the process must not look like a build that has succeeded. */
function cutOff(): FlowError {
  return new FlowError({
    code: 'rule_failed',
    blame: 'rule',
    message: 'Cannot go on: something has ended the process, perhaps a rule with process.exit().',
    fix: 'Let rules throw an error instead. Finished work is kept.',
  });
}

function commands(argv: readonly string[]): Command {
  const program = new Command('flow')
    .description('Builds video-ML features: runs what a change can affect, reuses the rest.')
    .version(flowVersion)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // `explain` tells errors, all in one form.
    .showSuggestionAfterError()
    .addHelpText('after', mainExamples);
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
    .addHelpText('after', buildExamples)
    .action(async (targets: string[], flags: BuildFlags) => {
      process.exitCode = await buildCommand(argv, targets, flags);
    });
  program
    .command('init')
    .description('make a workspace here: flow.yaml, a profile, and an example rule of your own')
    .argument('[folder]', 'where', '.')
    .action(async (folder: string) => {
      const { initCommand } = await import('./init-command.ts');
      initCommand(folder);
    });
  return program;
}

const mainExamples = `
Examples:
  flow init my-features                a workspace with an example
  flow build run:clip.mp4              all features of a video
  flow help build                      targets and options`;

const buildExamples = `
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

function toJobs(text: string): number {
  const jobs = /^\d+$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= 1024) return jobs;
  throw new InvalidArgumentError('Write a whole number from 1 to 1024.');
}

function toText(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Write a value, or leave the flag out.');
}

/** `flow help bild` would else print the general help as if that had been asked for. */
function checkHelp(program: Command, [first, topic]: readonly string[]): void {
  const names = program.commands.map((command) => command.name());
  if (first !== 'help' || topic === undefined || topic === 'help' || names.includes(topic)) return;
  throw wrongUsage(topic, `there is no command "${topic}"`, suggestion(topic, names));
}

/** Tells what went wrong. @returns the exit status */
function explain(thrown: unknown, argv: readonly string[]): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0; // It has printed help or the version.
  const errors = thrown instanceof CommanderError ? [usageError(thrown)] : errorsIn(thrown);
  const isVerbose = argv.includes('--verbose');
  for (const error of errors) process.stderr.write(`${errorText(error)}\n${stackOf(error, isVerbose)}`);
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(summariseFailure(errors))}\n`);
  return errors.every((error) => isUsage(error.code)) ? 2 : 1;
}

/** What commander says in one line, in the form of all other errors. */
function usageError({ message, code }: CommanderError): FlowError {
  const [first = '', hint = ''] = message.replace(/^error: /, '').split('\n');
  const why = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
  const meant = /Did you mean (.*)\?/.exec(hint)?.[1];
  const [, argument, mend] = /^(.*? is invalid)\. (.*)$/.exec(why) ?? [];
  const fix =
    code === 'commander.missingArgument' ? 'Name a target, as "run:clip.mp4" or "//NAME".' : seeHelp;
  const flag = /'(?:-\w, )?(--?[\w-]+)/.exec(first)?.[1];
  return wrongUsage(flag, argument ?? why, mend ? `${mend}.` : meant ? `Write "${meant}".` : fix);
}

const seeHelp = 'See `flow help`, or `flow help build`.';

function wrongUsage(where: string | undefined, why: string, fix: string): FlowError {
  const message = `Cannot read the command line: ${why}.`;
  return new FlowError({ code: 'config_invalid', blame: 'user', where, message, fix });
}

function stackOf(error: FlowError, isVerbose: boolean): string {
  if (!isVerbose && error.code !== 'internal') return '';
  const cause = error.cause instanceof Error ? error.cause : error;
  return `${cause.stack ?? ''}\n`;
}
