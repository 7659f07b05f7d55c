/** What can stand next on a command line: told by the declared commands themselves, so that no flag is forgotten. */
import type { Argument, Command, Option } from 'commander';
import { pathsFor } from './path-words.ts';
import { targetsFor } from './target-words.ts';
import { componentsOf, profileNames, stageNames } from './workspace-names.ts';

export interface Candidate {
  /** The whole word; one that ends in `/`, `:` or `=` is to be gone on with. */
  readonly word: string;
  readonly about?: string;
}

/** @param words of the command line behind `flow`; the last one, which may be empty, is to be completed */
export async function complete(program: Command, words: readonly string[]): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const name = words.slice(0, -1).find((word) => !word.startsWith('-'));
  const command = program.commands.find((one) => one.name() === name);
  const found = command
    ? await withinCommand(command, words.slice(words.indexOf(name!) + 1, -1), current)
    : current.startsWith('-')
      ? flagsOf(program, [])
      : name === undefined || name === 'help'
        ? commandsOf(program, { isTopic: name === 'help' })
        : [];
  return found.filter(({ word }) => word.startsWith(current));
}

function commandsOf(program: Command, { isTopic }: { readonly isTopic: boolean }): Candidate[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible
    .filter((command) => !isTopic || command.name() !== 'help')
    .map((command) => ({ word: command.name(), about: command.description() }));
}

function subcommandsOf(command: Command): Candidate[] {
  return command.commands.map((one) => ({ word: one.name(), about: one.description() }));
}

async function withinCommand(
  command: Command,
  before: readonly string[],
  current: string,
): Promise<Candidate[]> {
  const inner = command.commands.find((one) => one.name() === before[0]);
  if (inner) return withinCommand(inner, before.slice(1), current);
  if (command.commands.length > 0 && !current.startsWith('-')) return subcommandsOf(command);
  const { awaiting, positions, given, isOver } = scan(command, before);
  if (awaiting) return valuesOf(awaiting, current);
  const [, flag, start] = /^(--[\w-]+=)(.*)$/s.exec(isOver ? '' : current) ?? [];
  if (flag !== undefined) {
    const option = command.options.find(({ long }) => `${long}=` === flag);
    const values = option ? await valuesOf(option, start!) : [];
    return values.map((value) => ({ ...value, word: flag + value.word }));
  }
  if (current.startsWith('-') && !isOver) return flagsOf(command, given);
  const argument = command.registeredArguments[positions] ?? command.registeredArguments.at(-1);
  return argument && (positions < command.registeredArguments.length || argument.variadic)
    ? valuesOf(argument, current)
    : [];
}

interface Scanned {
  /** The option whose value comes next. */
  readonly awaiting: Option | undefined;
  readonly positions: number;
  readonly given: readonly Option[];
  /** After `--` there are no more flags. */
  readonly isOver: boolean;
}

function scan(command: Command, before: readonly string[]): Scanned {
  let awaiting: Option | undefined;
  let positions = 0;
  let isOver = false;
  const given: Option[] = [];
  for (const word of before) {
    if (awaiting) awaiting = undefined;
    else if (isOver || !/^-./.test(word)) positions += 1;
    else if (word === '--') isOver = true;
    else {
      const option = command.options.find(({ long, short }) => [long, short].includes(word.split('=')[0]));
      if (option) given.push(option);
      if (option?.required && !word.includes('=')) awaiting = option;
    }
  }
  return { awaiting, positions, given, isOver };
}

function flagsOf(command: Command, given: readonly Option[]): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !given.includes(option))
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }));
}

/** By the name of what is wanted, as it stands in the help: `<folder>`, `--stage <name>`. */
async function valuesOf(wanted: Option | Argument, start: string): Promise<Candidate[]> {
  const choices = wanted.argChoices ?? listedIn(wanted.description);
  if (choices) return choices.map(toCandidate);
  const isOption = 'flags' in wanted;
  const kind = isOption ? (/<(\w+)>/.exec(wanted.flags)?.[1] ?? '') : wanted.name();
  const name = isOption ? wanted.attributeName() : kind;
  switch (name === 'stage' || name === 'profile' ? name : kind) {
    case 'stage':
      return (await stageNames()).map(toCandidate);
    case 'profile':
      return profileNames().map(toCandidate);
    case 'entries': // Of the cache.
    case 'query':
      return (await componentsOf()).map(({ name }) => toCandidate(name));
    case 'target':
    case 'targets':
      return (await targetsFor(start)).map(toCandidate);
    case 'run':
    case 'runs':
    case 'other':
      return [...(await targetsFor(start, { isRun: true })), ...pathsFor(start)].map(toCandidate);
    case 'file':
    case 'folder':
    case 'artifact':
      return pathsFor(start, { onlyFolders: kind === 'folder' }).map(toCandidate);
    default:
      return []; // A number, an id, a version: nobody can guess it.
  }
}

/** The choices of a description that is nothing but a list of them: 'text, mermaid, dot or json'. */
function listedIn(description: string): string[] | undefined {
  return /^\w+(, \w+)* or \w+$/.test(description) ? description.split(/, | or /) : undefined;
}

function toCandidate(word: string): Candidate {
  return { word };
}
