import { Argument, type Command } from 'commander';
import { type Shell, shellScripts, shells } from '../completion/shell-scripts.ts';

/** Declares `flow completion`, and the command that its scripts ask at each key. */
export function declareCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags, targets and names in a shell')
    .addArgument(new Argument('<shell>', 'for which one').choices(shells))
    .addHelpText('after', examples)
    .action((shell: Shell) => {
      process.stdout.write(shellScripts[shell]);
    });
  program
    .command('__complete', { hidden: true })
    .description('print what can stand next, for the scripts of `flow completion`')
    .argument('[words...]', 'the words behind `flow`; the last one is to be completed')
    .action(async (words: string[]) => {
      const { complete } = await import('../completion/complete.ts');
      const candidates = await complete(program, words);
      process.stdout.write(candidates.map(({ word, about = '' }) => `${word}\t${about}\n`).join(''));
    });
}

const examples = `
Examples:
  source <(flow completion bash)       in ~/.bashrc
  source <(flow completion zsh)        in ~/.zshrc, after compinit
  flow completion fish > ~/.config/fish/completions/flow.fish`;
