import { type FaultCode, meaningOfFault } from '../../../cache/remote/meaning-of-fault.ts';
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
  return error instanceof RemoteError ? lostRemote(url, error) : error;
}

export function lostRemote(url: string, error: RemoteError): FlowError {
  return remoteFailure(url, error, {
    act: 'go on with the remote cache',
    wayOut: 'What has been done stays done.',
  });
}

/** For builds with `--remote-required`. */
export function lostRequired(url: string, error: RemoteError): FlowError {
  return remoteFailure(url, error, {
    act: 'use the remote cache, which is required',
    wayOut: 'Or leave out --remote-required.',
  });
}

interface Failure {
  /** What cannot be done. */
  readonly act: string;
  /** What else there is to know or to do: a sentence. */
  readonly wayOut: string;
}

function remoteFailure(url: string, error: RemoteError, { act, wayOut }: Failure): FlowError {
  const first = firstOf(error);
  const { code, blame } = meaningOfFault[first.fault];
  return new FlowError({
    code,
    blame,
    where: url,
    message: `Cannot ${act}: ${first.reason}.`,
    fix: `${fixes[code]} ${wayOut}`,
  });
}

/** Why nothing is asked any more is of no use to who has just given a command: what came before that is. */
function firstOf(error: RemoteError): RemoteError {
  return error.fault === 'off' && error.cause instanceof RemoteError ? error.cause : error;
}

const fixes: Readonly<Record<FaultCode, string>> = {
  remote_unavailable: 'Check S3_ENDPOINT, and that the server runs: `flow doctor` tries it.',
  auth_failed:
    'Correct S3_ACCESS_KEY and S3_SECRET_KEY, or renew what the AWS SDK finds: `flow doctor` tries them.',
  config_invalid: 'Make the bucket, or correct its name in s3://BUCKET/PREFIX.',
};
