/** Which bucket machines share, and how it is reached: from a flag, the environment and `flow.yaml`. */
import { parseBucketUrl } from '../../cache/remote/bucket-url.ts';
import type { BucketSettings } from '../../cache/remote/open-objects.ts';
import { FlowError } from '../core/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RemoteChoice {
  /** What `--remote` says. */
  readonly flag?: string | undefined;
  /** What `flow.yaml` says. */
  readonly setting?: string | undefined;
}

/**
 * The shared cache: the flag beats `FLOW_REMOTE`, that beats `flow.yaml`. Undefined where none of them names one: a bucket
 * that is only set may be meant for something else.
 *
 * @throws {FlowError} `config_invalid`
 */
export function remoteSettings(
  { flag, setting }: RemoteChoice,
  env: Environment,
): BucketSettings | undefined {
  const said = [
    { where: '--remote', url: flag },
    { where: 'FLOW_REMOTE', url: env.FLOW_REMOTE },
    { where: 'flow.yaml', url: setting },
  ];
  // Set to nothing is as good as not set.
  const chosen = said.find(({ url }) => url !== undefined && url !== '');
  return chosen?.url === undefined ? undefined : bucketSettings(chosen.url, { where: chosen.where, env });
}

/**
 * How a bucket is reached. A URL without a bucket, `s3://`, takes `S3_BUCKET` and `S3_PREFIX`.
 *
 * @param where who has named it, for messages
 * @throws {FlowError} `config_invalid`
 */
export function bucketSettings(
  url: string,
  { where, env }: { readonly where: string; readonly env: Environment },
): BucketSettings {
  const whole = url === 's3://' ? defaultUrl(where, env) : url;
  if (!parseBucketUrl(whole)) {
    if (mayHoldSecret(whole)) throw withSecret(where);
    throw invalid({
      where,
      message: `Cannot use the remote "${whole}": it is not s3://bucket/prefix, with letters, digits and . _ - = + : @ in the prefix.`,
      fix: 'Write it like s3://team-cache/flow.',
    });
  }
  const { accessKey, secretKey } = keys(env);
  return {
    url: whole,
    endpoint: endpointIn(env),
    region: env.S3_REGION || undefined,
    accessKey,
    secretKey,
    sessionToken: env.S3_SESSION_TOKEN || undefined,
    forcePathStyle: pathStyleIn(env),
  };
}

function defaultUrl(where: string, { S3_BUCKET, S3_PREFIX = '' }: Environment): string {
  if (S3_BUCKET) return `s3://${S3_BUCKET}/${S3_PREFIX}`;
  throw invalid({
    where,
    message: 'Cannot use the remote "s3://": it names no bucket, and S3_BUCKET is not set.',
    fix: 'Write it like s3://team-cache/flow, or set S3_BUCKET.',
  });
}

function keys({
  S3_ACCESS_KEY,
  S3_SECRET_KEY,
}: Environment): Pick<BucketSettings, 'accessKey' | 'secretKey'> {
  const [set, missing] = S3_ACCESS_KEY
    ? ['S3_ACCESS_KEY', 'S3_SECRET_KEY']
    : ['S3_SECRET_KEY', 'S3_ACCESS_KEY'];
  if (Boolean(S3_ACCESS_KEY) === Boolean(S3_SECRET_KEY))
    return { accessKey: S3_ACCESS_KEY || undefined, secretKey: S3_SECRET_KEY || undefined };
  throw invalid({
    where: set,
    message: `Cannot sign requests: ${set} is set, ${missing} is not.`,
    fix: `Set ${missing} too, or neither: then credentials are looked for where the AWS SDK looks.`,
  });
}

function endpointIn({ S3_ENDPOINT }: Environment): string | undefined {
  if (!S3_ENDPOINT) return undefined;
  if (mayHoldSecret(S3_ENDPOINT)) throw withSecret('S3_ENDPOINT');
  const url = URL.parse(S3_ENDPOINT);
  if (url && /^https?:$/.test(url.protocol) && url.hash === '') return S3_ENDPOINT;
  throw invalid({
    where: 'S3_ENDPOINT',
    message: `Cannot use the endpoint "${S3_ENDPOINT}": it is no http:// or https:// address.`,
    fix: 'Write it like http://localhost:9000.',
  });
}

function pathStyleIn({ S3_FORCE_PATH_STYLE: said }: Environment): boolean | undefined {
  if (!said) return undefined;
  if (said === 'true' || said === '1') return true;
  if (said === 'false' || said === '0') return false;
  throw invalid({
    where: 'S3_FORCE_PATH_STYLE',
    message: `Cannot tell whether to use path style: S3_FORCE_PATH_STYLE is "${said}".`,
    fix: 'Set it to true or false.',
  });
}

/** A user with a password, or the signature in a query; wherever they stand in what is no address. */
function mayHoldSecret(text: string): boolean {
  return /[@?]/.test(text);
}

/** What holds a secret is not shown. */
function withSecret(where: string): FlowError {
  return invalid({
    where,
    message: 'Cannot use this address: it holds a user, a password or a query.',
    fix: 'Leave them out, and set S3_ACCESS_KEY and S3_SECRET_KEY.',
  });
}

function invalid(parts: Pick<FlowError, 'message' | 'fix'> & { readonly where: string }): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', ...parts });
}
