/**
 * What an error of the S3 client comes to. Only names, codes and statuses pass: the texts and fields of these errors may
 * hold keys, signatures and what was signed, so no error of the client is kept, not even as a cause.
 */
import { RemoteError, type RemoteFault } from './object-store.ts';

/** What of the client's errors is looked at; all of it may be absent. */
interface ClientError {
  readonly name?: unknown;
  readonly message?: unknown;
  /** Of the system or of TLS, where there was no answer. */
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** Where the answer could not be understood. */
  readonly $response?: { readonly statusCode?: number };
}

/** The server has answered, but not as it was hoped. */
export class AnsweredError extends RemoteError {
  readonly status: number;
  /** The server's name for it, such as `NoSuchKey`; undefined where it gave none. */
  readonly code: string | undefined;

  constructor(fault: RemoteFault, { status, code }: { status: number; code: string | undefined }) {
    super(fault, `The server answered ${status}${code === undefined ? '' : ` (${code})`}.`);
    this.status = status;
    this.code = code;
  }
}

/** @param error whatever the client has thrown */
export function toRemoteError(error: unknown): RemoteError {
  const thrown: ClientError = typeof error === 'object' && error !== null ? error : {};
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  const code = nameOf(thrown);
  if (status === undefined) return withoutAnswer(thrown, code);
  return new AnsweredError(faultByCode.get(code ?? '') ?? faultByStatus(status), { status, code });
}

/** The server chooses it: one that looks like a signature or a token of the request is not repeated. */
function nameOf({ name }: ClientError): string | undefined {
  const isName = typeof name === 'string' && /^[A-Z][A-Za-z0-9]{1,49}$/.test(name);
  return isName && name !== 'Unknown' && name !== 'Error' ? name : undefined;
}

const faultByCode: ReadonlyMap<string, RemoteFault> = new Map([
  ['NoSuchBucket', 'no_bucket'],
  ['NotImplemented', 'unsupported'],
  ['ExpiredToken', 'denied'],
  ['InvalidToken', 'denied'],
  ['TokenRefreshRequired', 'denied'],
  ['SlowDown', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['TooManyRequests', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  // The client corrects its clock by the answer, so the next attempt may pass.
  ['RequestTimeTooSkewed', 'unavailable'],
  // Something was lost or changed on the way.
  ['RequestTimeout', 'unavailable'],
  ['IncompleteBody', 'unavailable'],
  ['BadDigest', 'unavailable'],
  ['XAmzContentSHA256Mismatch', 'unavailable'],
  ['InternalError', 'unavailable'],
  ['ServiceUnavailable', 'unavailable'],
]);

function faultByStatus(status: number): RemoteFault {
  if (status === 401 || status === 403) return 'denied';
  if (status === 429) return 'throttled';
  if (status === 501) return 'unsupported';
  return status >= 500 || status === 408 ? 'unavailable' : 'invalid';
}

function withoutAnswer({ code, message }: ClientError, name: string | undefined): RemoteError {
  if (name === 'CredentialsProviderError' || /^Could not load credentials/.test(String(message)))
    return new RemoteError(
      'denied',
      'There are no credentials: neither in S3_ACCESS_KEY and S3_SECRET_KEY, nor where the AWS SDK looks.',
    );
  if (/^Region is missing/.test(String(message)))
    return new RemoteError(
      'denied',
      'No region is known: neither from S3_REGION, nor where the AWS SDK looks.',
    );
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code))
    return new RemoteError('unavailable', `There is no connection to the server (${code}).`);
  if (name === 'TimeoutError') return new RemoteError('unavailable', 'The server did not answer in time.');
  return new RemoteError(
    'invalid',
    `The request could not be made${name === undefined ? '' : ` (${name})`}.`,
  );
}
