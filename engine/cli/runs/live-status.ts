/** What a run is doing now. A manifest that says `running` may be of a build that was killed. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RunStatus } from '../../core/events.ts';
import { isAlive } from '../../io/process-identity.ts';

/** `interrupted`: its process has ended without a word; the next build goes on from there. */
export type LiveStatus = RunStatus | 'interrupted';

/**
 * @param status what the manifest says
 * @param stateFolder of the run
 */
export function liveStatus(status: RunStatus, stateFolder: string): LiveStatus {
  if (status !== 'running') return status;
  const { host, process } = readProcess(join(stateFolder, 'run_state.json'));
  if (host !== undefined && host !== hostname()) return 'running'; // Nobody here can tell.
  return process !== undefined && isAlive(process) ? 'running' : 'interrupted';
}

/** Two fields of the checkpoint: `flow runs` has no time for a schema. */
function readProcess(path: string): { host?: string; process?: string } {
  try {
    const { run } = JSON.parse(readFileSync(path, 'utf8')) as { run?: { host?: string; process?: string } };
    return run ?? {};
  } catch {
    return {}; // Not there, or not whole: then it was killed before it could write it.
  }
}
