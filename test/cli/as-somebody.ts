/** `flow` run by a user whom permissions bind, also where the tests run as root, whom they do not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { FlowRun, Rig } from '../rig.ts';

const nobody = 65534;
const cli = process.env.FLOW_TEST_CLI ?? join(import.meta.dirname, '../../engine/cli/flow.ts');
const isRoot = process.getuid?.() === 0;
const canDrop =
  spawnSync('setpriv', [`--reuid=${nobody}`, '--clear-groups', process.execPath, '--version']).status === 0;

/** Why such tests cannot run here, or false. */
export const cannotBeSomebody =
  isRoot && !canDrop ? 'root may read everything, and setpriv cannot make us somebody else' : false;

/** Permissions do not bind root: then `flow` runs as nobody, in a workspace of theirs. */
export function flowAsSomebody(rig: Rig, args: readonly string[]): FlowRun {
  const command = [process.execPath, cli, ...args];
  const argv = isRoot ? ['setpriv', `--reuid=${nobody}`, '--clear-groups', ...command] : command;
  if (isRoot) execFileSync('chown', ['-R', String(nobody), dirname(rig.root)]);
  const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), {
    cwd: rig.root,
    env: { ...process.env, FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
