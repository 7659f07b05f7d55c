import type { Command } from 'commander';
import type { ValidateFlags } from '../runs/validate-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow validate`. */
export function declareValidate(program: Command): void {
  program
    .command('validate')
    .description('audit runs: hold manifest, files and arrays against their contracts')
    .argument('<runs...>', 'run:VIDEO, an id or its beginning, a folder, a manifest.json, or a glob')
    .option('--results <folder>', 'where the results of videos are (default: result_store)', toText)
    .option('--state <folder>', 'where the states of runs are (default: state)', toText)
    .option('--all', 'show the checks that pass, too')
    .option('--json', 'print one JSON document: every check, with its evidence')
    .addHelpText('after', examples)
    .action(async (words: string[], flags: ValidateFlags) => {
      const { validateCommand } = await import('../runs/validate-command.ts');
      process.exitCode = await validateCommand(words, flags);
    });
}

const examples = `
Examples:
  flow validate run:clip.mp4           the latest run of a video
  flow validate '*'                    every run of the results folder
  flow validate r-5f0c --all           with all that was checked
  flow validate 'local/*/*' --json

Runs in a bucket are read from there, all of their files.

Exit status:
  0 every check passes   1 a check fails   2 no such run`;
