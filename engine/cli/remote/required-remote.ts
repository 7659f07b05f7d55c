/** What `--remote-required` makes of a remote cache that could not be used. */
import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { FlowError } from '../../core/errors.ts';
import { counted } from '../duration-text.ts';
import { errorDocument } from '../error-text.ts';
import type { Summary } from '../summary.ts';

/** @param why a part of a sentence */
export function unavailable(url: string, why: string): FlowError {
  return new FlowError({
    code: 'remote_unavailable',
    blame: 'machine',
    where: url,
    message: `Cannot use the remote cache, which is required: ${why}.`,
    fix: 'Check its address, its keys and that it runs; or leave out --remote-required.',
  });
}

/** Why a build cannot count as one with the remote cache, at its end; undefined if it can. */
export function faultOfRequired({ url, lost, counts }: RemoteCache): FlowError | undefined {
  if (lost !== undefined) return unavailable(url, lost);
  return counts.unsent > 0
    ? unavailable(url, `${counted(counts.unsent, 'result')} could not be sent`)
    : undefined;
}

/** Without what it requires a build has failed, however well it went. */
export function withFault(summary: Summary, fault: FlowError): Summary {
  return { ...summary, status: 'error', errors: [...summary.errors, errorDocument(fault)] };
}
