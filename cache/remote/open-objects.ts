/** Opens a bucket with all that makes it bearable: asked again, paced, left alone when it fails, and counted. */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { OnAnswer } from './answers-of.ts';
import { BreakingObjects } from './breaking-objects.ts';
import { parseBucketUrl } from './bucket-url.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { CountingObjects, type RequestCounts } from './counting-objects.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import { PacedObjects } from './paced-objects.ts';
import type { PagedObjects } from './paged-objects.ts';
import { RetryingObjects } from './retrying-objects.ts';
import { WriteBarrier } from './write-barrier.ts';

export interface BucketSettings {
  /** `s3://bucket/prefix`. */
  readonly url: string;
  /** `http://` or `https://`; Amazon's own where it is absent. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Both keys or none: then the SDK looks where it always looks. */
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** The bucket in the path instead of the host's name; what servers other than Amazon's mostly want. */
  readonly forcePathStyle?: boolean | undefined;
}

export interface OpenOptions {
  /** Told when the remote is left alone, and when it is back. */
  readonly onOpen?: (reason: RemoteError) => void;
  readonly onClose?: () => void;
  /** Told when it turns out that the keys may not write. */
  readonly onForbidden?: (reason: RemoteError) => void;
  /** Requests under way at best. */
  readonly atOnce?: number;
}

export interface OpenedObjects {
  /** Keys are below the prefix. */
  readonly objects: ObjectStore;
  readonly breaker: CircuitBreaker;
  /** As of now. */
  counts(): RequestCounts;
  /** Ends idle connections. */
  close(): void;
}

const defaultAtOnce = 16;

/** Loads the AWS SDK and asks nothing of the server yet. @throws {RemoteError} `invalid` for a URL that is none */
export async function openObjects(
  settings: BucketSettings,
  options: OpenOptions = {},
): Promise<OpenedObjects> {
  const { atOnce = defaultAtOnce, onOpen, onClose, onForbidden = () => {} } = options;
  const now = (): number => performance.now();
  const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const bare = await openBareObjects(settings, { atOnce });
  const counting = new CountingObjects(bare.objects);
  const breaker = new CircuitBreaker({ now, ...(onOpen && { onOpen }), ...(onClose && { onClose }) });
  const breaking = new BreakingObjects(counting, breaker);
  const barrier = new WriteBarrier(breaking, onForbidden);
  const paced = new PacedObjects(barrier, { atOnce });
  return {
    objects: new RetryingObjects(paced, { now, delay, random: Math.random }),
    breaker,
    counts: () => counting.counts,
    close: bare.close,
  };
}

export interface BareObjects {
  readonly objects: PagedObjects;
  close(): void;
}

/**
 * The bucket as it is: every request is made at once, and once. For those who want to know what the server says.
 *
 * @throws {RemoteError} `invalid` for a URL that is none
 */
export async function openBareObjects(
  settings: BucketSettings,
  { atOnce = defaultAtOnce, onAnswer }: { readonly atOnce?: number; readonly onAnswer?: OnAnswer } = {},
): Promise<BareObjects> {
  const place = parseBucketUrl(settings.url);
  if (!place) throw new RemoteError('invalid', 'The URL of the remote is not s3://bucket/prefix.');
  const [{ S3Client }, { S3Objects }, { tellAnswersOf }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('./s3-objects.ts'),
    import('./answers-of.ts'),
  ]);
  const client = new S3Client(clientConfig(settings, atOnce));
  if (onAnswer) tellAnswersOf(client, onAnswer);
  const prefix = place.prefix === '' ? '' : `${place.prefix}/`;
  return {
    objects: new S3Objects(client, { bucket: place.bucket, prefix }),
    close: () => client.destroy(),
  };
}

export interface Addressing {
  readonly isAmazon: boolean;
  /** Undefined: the one that the SDK finds. */
  readonly region: string | undefined;
  /** The bucket stands in the path, not in the host's name. */
  readonly isPathStyle: boolean;
}

/** How requests are addressed, with what is not set. */
export function addressingOf({ endpoint, region, forcePathStyle }: BucketSettings): Addressing {
  const isAmazon = endpoint === undefined || isAmazonHost(new URL(endpoint).hostname);
  return {
    isAmazon,
    region: region ?? (isAmazon ? undefined : 'us-east-1'),
    isPathStyle: forcePathStyle ?? !isAmazon,
  };
}

function clientConfig(settings: BucketSettings, atOnce: number): S3ClientConfig {
  const { endpoint, accessKey, secretKey, sessionToken } = settings;
  const { isAmazon, region, isPathStyle } = addressingOf(settings);
  const agent = { keepAlive: true, maxSockets: atOnce };
  return {
    maxAttempts: 1, // Retries are ours, so that each attempt is counted, and the breaker asked.
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: isPathStyle,
    ...(accessKey !== undefined &&
      secretKey !== undefined && {
        credentials: {
          accessKeyId: accessKey,
          secretAccessKey: secretKey,
          ...(sessionToken !== undefined && { sessionToken }),
        },
      }),
    // The SDK's own checksums are Amazon's; other servers refuse or ignore them.
    ...(!isAmazon && {
      requestChecksumCalculation: 'WHEN_REQUIRED' as const,
      responseChecksumValidation: 'WHEN_REQUIRED' as const,
    }),
    // To be asked first whether it may send costs a connection of its own for every larger object.
    expectContinueHeader: false,
    requestHandler: { httpAgent: agent, httpsAgent: agent },
  };
}

function isAmazonHost(host: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(host);
}
