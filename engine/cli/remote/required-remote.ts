/** What `--remote-required` makes of a remote cache that could not be used. */
import { RemoteError } from '../../../cache/remote/object-store.ts';
import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import type { FlowError } from '../../core/errors.ts';
import { counted } from '../duration-text.ts';
import { errorDocument } from '../error-text.ts';
import type { Summary } from '../summary.ts';
import { lostRequired } from './remote-errors.ts';

/** Why a build cannot count as one with the remote cache, at its end; undefined if it can. */
export function faultOfRequired({ url, lost, counts }: RemoteCache): FlowError | undefined {
  if (lost !== undefined) return lostRequired(url, lost);
  if (counts.unsent === 0) return undefined;
  return lostRequired(
    url,
    new RemoteError('unavailable', `${counted(counts.unsent, 'result')} could not be sent.`),
  );
}

/** Without what it requires a build has failed, however well it went. */
export function withFault(summary: Summary, fault: FlowError): Summary {
  return { ...summary, status: 'error', errors: [...summary.errors, errorDocument(fault)] };
}
