/** The commands of `flow`. */
import { Command, CommanderError } from 'commander';
import { FlowError, isUsage } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { declareBuild } from './commands/build.ts';
import { declareCache } from './commands/cache.ts';
import { declareClean } from './commands/clean.ts';
import { declareCompletion } from './commands/completion.ts';
import { declareDiff } from './commands/diff.ts';
import { declareDoctor } from './commands/doctor.ts';
import { declareGraph } from './commands/graph.ts';
import { declareHeal } from './commands/heal.ts';
import { declareInit } from './commands/init.ts';
import { declareInspect } from './commands/inspect.ts';
import { declareKeys } from './commands/keys.ts';
import { declareLineage } from './commands/lineage.ts';
import { declareModels } from './commands/models.ts';
import { declarePlan } from './commands/plan.ts';
import { declarePull } from './commands/pull.ts';
import { declareQuery } from './commands/query.ts';
import { declareRuns } from './commands/runs.ts';
import { declareShow } from './commands/show.ts';
import { declareValidate } from './commands/validate.ts';
import { declareWatch } from './commands/watch.ts';
import { declareWhy } from './commands/why.ts';
import { errorsIn, errorText } from './error-text.ts';
import { ignoreClosedPipe } from './ignore-closed-pipe.ts';
import { summariseFailure } from './summary.ts';
import { flowVersion } from './version.ts';

/**
 * Each command declares itself, and loads what it does only when it is asked for: `flow --help` starts at once.
 * The help shows them in these groups.
 */
const groups = {
  'Build:': [declareBuild, declarePlan, declareWatch, declareHeal],
  'Look:': [declareRuns, declareShow, declareInspect, declareGraph, declareQuery, declarePull],
  'Explain:': [declareWhy, declareDiff, declareLineage, declareValidate],
  'Keep house:': [
    declareInit,
    declareDoctor,
    declareCache,
    declareModels,
    declareKeys,
    declareClean,
    declareCompletion,
  ],
};

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
    await program.parseAsync(argv.length === 0 ? ['--help'] : wordsOf(argv), { from: 'user' });
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

/** The whole command line, declared. @param argv as it was given */
export function commands(argv: readonly string[]): Command {
  const program = new Command('flow')
    .description('Builds video-ML features: runs what a change can affect, reuses the rest.')
    .version(flowVersion)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // `explain` tells errors, all in one form.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .showSuggestionAfterError()
    .addHelpText('after', mainExamples);
  for (const [title, declarations] of Object.entries(groups)) {
    program.commandsGroup(title);
    for (const declare of declarations) declare(program, argv);
  }
  program.helpCommand('help [command]', 'show the arguments, options and examples of a command');
  return program;
}

const mainExamples = `
Examples:
  flow init my-features                a workspace with an example
  flow build run:clip.mp4              all features of a video
  flow why run:clip.mp4//decode        why it ran, or did not
  flow help build                      targets and options`;

/** `flow help cache gc` is `flow cache gc --help`: commander itself looks no deeper than `cache`. */
function wordsOf([first, ...topics]: readonly string[]): string[] {
  if (first === 'help' && topics.length > 1) return [...topics, '--help'];
  return [first!, ...topics];
}

/** `flow help bild` would else print the general help as if that had been asked for, and `flow help cache gx` that of `cache`. */
function checkHelp(program: Command, [first, ...topics]: readonly string[]): void {
  if (first !== 'help' || topics[0] === 'help') return;
  let within = program;
  for (const topic of topics) {
    if (topic.startsWith('-') || within.commands.length === 0) return; // What follows a command is its own.
    const next = within.commands.find((command) => command.name() === topic);
    if (!next) {
      const names = within.commands.map((command) => command.name());
      throw wrongUsage(topic, `there is no command "${topic}"`, suggestion(topic, names));
    }
    within = next;
  }
}

/** Tells what went wrong. @returns the exit status */
function explain(thrown: unknown, argv: readonly string[]): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0; // It has printed help or the version.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return 2; // It wants a subcommand, and has told which there are.
  const errors = thrown instanceof CommanderError ? [usageError(thrown, commandIn(argv))] : errorsIn(thrown);
  const isVerbose = argv.includes('--verbose');
  for (const error of errors) process.stderr.write(`${errorText(error)}\n${stackOf(error, isVerbose)}`);
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(summariseFailure(errors))}\n`);
  return errors.every((error) => isUsage(error.code)) ? 2 : 1;
}

/** What commander says in one line, in the form of all other errors. */
function usageError({ message }: CommanderError, command: string | undefined): FlowError {
  const [first = '', hint = ''] = message.replace(/^error: /, '').split('\n');
  const why = first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
  const meant = /Did you mean (.*)\?/.exec(hint)?.[1];
  const [, argument, mend] = /^(.*? is invalid)\. (.*)$/.exec(why) ?? [];
  const fix = first.includes("argument 'targets'")
    ? 'Name a target, as "run:clip.mp4" or "//NAME".'
    : `See \`flow help${command === undefined ? '' : ` ${command}`}\`.`;
  const flag = /'(?:-\w, )?(--?[\w-]+)/.exec(first)?.[1];
  return wrongUsage(flag, argument ?? why, mend ? `${mend}.` : meant ? `Write "${meant}".` : fix);
}

/** The command that the words name, if they name one. */
function commandIn(argv: readonly string[]): string | undefined {
  return commands(argv)
    .commands.map((command) => command.name())
    .find((name) => name === argv[0]);
}

function wrongUsage(where: string | undefined, why: string, fix: string): FlowError {
  const message = `Cannot read the command line: ${why}.`;
  return new FlowError({ code: 'config_invalid', blame: 'user', where, message, fix });
}

function stackOf(error: FlowError, isVerbose: boolean): string {
  if (!isVerbose && error.code !== 'internal') return '';
  const cause = error.cause instanceof Error ? error.cause : error;
  return `${cause.stack ?? ''}\n`;
}
