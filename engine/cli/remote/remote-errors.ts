import { RemoteError } from '../../../cache/remote/object-store.ts';
import { FlowError } from '../../core/errors.ts';

/** @param where the flag or command that needs one */
export function noRemote(where: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where,
    message: 'Cannot use a remote cache: none is named.',
    fix: 'Name one: --remote s3://BUCKET/PREFIX, FLOW_REMOTE, or "remote" in flow.yaml.',
  });
}

/** For commands that are about the bucket; any other error as it is. */
export function asCommandError(url: string, error: unknown): unknown {
  return error instanceof RemoteError ? lostRemote(url, error.reason, error) : error;
}

/** @param why a part of a sentence */
export function lostRemote(url: string, why: string, cause?: RemoteError): FlowError {
  return new FlowError({
    code: 'remote_unavailable',
    blame: 'machine',
    where: url,
    message: `Cannot go on with the remote cache: ${why}.`,
    fix: 'Check its address and its keys: `flow doctor` tries them. What has been done stays done.',
    ...(cause && { cause }),
  });
}
