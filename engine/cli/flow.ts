#!/usr/bin/env node
/** The command `flow`: answers at once if there is nothing to do, else loads the rest of itself. */
import { ignoreClosedPipe } from './ignore-closed-pipe.ts';
import { readUpToDate } from './up-to-date.ts';
import { stateFolderOf, workspaceRoot } from './workspace-root.ts';

// The rest does not even load in an older Node.
const oldestNode = 24;

const argv = process.argv.slice(2);
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(
    `flow needs Node ${oldestNode} or newer, and this is ${process.versions.node}: run \`npm install node@${oldestNode}\` in this folder, then \`npx flow\`.\n`,
  );
  process.exitCode = 1;
} else await start();

async function start(): Promise<void> {
  const message = argv[0] === 'build' ? await readUpToDate(stateFolderOf(workspaceRoot()), argv) : undefined;
  if (message !== undefined) {
    process.stdout.on('error', ignoreClosedPipe);
    process.stdout.write(message);
  } else {
    const { main } = await import('./main.ts');
    await main(argv);
  }
}
