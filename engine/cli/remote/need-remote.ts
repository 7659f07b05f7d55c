import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { openRemote, type RemoteInput } from './open-remote.ts';
import { asCommandError, noRemote } from './remote-errors.ts';

/** For commands that are of no use without one. @throws {FlowError} `config_invalid`, as `lostRemote` */
export async function needRemote(input: RemoteInput): Promise<RemoteCache> {
  const remote = await openRemote(input);
  if (!remote) throw noRemote('--remote');
  try {
    await remote.check();
    return remote;
  } catch (error) {
    await remote.close();
    throw asCommandError(remote.url, error);
  }
}
