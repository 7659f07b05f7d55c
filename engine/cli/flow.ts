#!/usr/bin/env node
/** The command `flow`: answers at once if there is nothing to do, else loads the rest of itself. */
import { readUpToDate } from './up-to-date.ts';
import { stateFolderOf, workspaceRoot } from './workspace-root.ts';

const argv = process.argv.slice(2);
const message = argv[0] === 'build' ? await readUpToDate(stateFolderOf(workspaceRoot()), argv) : undefined;
if (message !== undefined) process.stdout.write(message);
else {
  const { main } = await import('./main.ts');
  await main(argv);
}
