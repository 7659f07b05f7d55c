import type { Command } from 'commander';

/** Declares `flow init`. */
export function declareInit(program: Command): void {
  program
    .command('init')
    .description('make a workspace here: flow.yaml, a profile, and an example rule of your own')
    .argument('[folder]', 'where', '.')
    .addHelpText('after', examples)
    .action(async (folder: string) => {
      const { initCommand } = await import('../init-command.ts');
      initCommand(folder);
    });
}

const examples = `
Examples:
  flow init                            in the current folder
  flow init my-features                in a new one`;
