/** Blobs to and from a real S3 server, by `RemoteBlobs` and by the SDK alone, in turns. */
import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalBlobStore } from '../../cache/local-blob-store.ts';
import { blobObject } from '../../cache/remote/layout.ts';
import { type OpenedObjects, openObjects } from '../../cache/remote/open-objects.ts';
import { RemoteBlobs } from '../../cache/remote/remote-blobs.ts';
import { type Digest, digestOf } from '../../engine/core/digest.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { RawTransfers } from './raw-transfers.ts';

export interface BenchBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly path: string;
}

/** @param fill what a blob is made of; noise where it is absent */
export function makeBlobs(
  folder: string,
  count: number,
  sizeBytes: number,
  fill: (content: Buffer) => void = randomFillSync,
): BenchBlob[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => {
    const content = Buffer.allocUnsafe(sizeBytes);
    fill(content);
    content.writeUInt32LE(index);
    const path = join(folder, `${index}`);
    writeFileSync(path, content);
    return { digest: digestOf(content), sizeBytes, path };
  });
}

/** Text-like: zstd makes it smaller by half and more. */
export function fillWithHex(content: Buffer): void {
  for (let at = 0; at < content.length; at += 64)
    content.write(
      createHash('sha256')
        .update(`${at % 65536}`)
        .digest('hex')
        .slice(0, content.length - at),
      at,
    );
}

/** Both in one: what is sent and fetched, with as many requests at once. */
export interface Contender {
  send(blob: BenchBlob): Promise<void>;
  fetch(blob: BenchBlob): Promise<void>;
  close(): void;
}

/** @param prefix keeps rounds apart */
export interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly prefix: string;
  readonly folder: string;
  readonly atOnce: number;
}

export function rawContender({ env, prefix, folder, atOnce }: Place): Contender {
  const raw = new RawTransfers(env, atOnce);
  mkdirSync(folder, { recursive: true });
  const keyOf = (blob: BenchBlob): string => `${prefix}/${blobObject(blob.digest)}`;
  return {
    send: (blob) => raw.send(keyOf(blob), blob.path, blob.sizeBytes),
    fetch: (blob) => raw.fetch(keyOf(blob), join(folder, blob.digest.slice(3))),
    close: () => raw.close(),
  };
}

export async function ownContender({ env, prefix, folder, atOnce }: Place): Promise<Contender> {
  const opened: OpenedObjects = await openObjects(
    {
      url: `s3://${env['S3_BUCKET']}/${prefix}`,
      endpoint: env['S3_ENDPOINT'],
      region: env['S3_REGION'],
      accessKey: env['S3_ACCESS_KEY'],
      secretKey: env['S3_SECRET_KEY'],
      forcePathStyle: true,
    },
    { atOnce },
  );
  const disk = new RealDisk();
  mkdirSync(folder, { recursive: true });
  const fail = (reason: string): never => {
    throw new Error(`a blob was not moved: ${reason}`);
  };
  const blobs = new RemoteBlobs({
    objects: opened.objects,
    remote: prefix,
    disk,
    cacheFolder: folder,
    onBad: (_, reason) => fail(reason),
    onTrouble: fail,
  });
  const into = new LocalBlobStore(disk, folder);
  return {
    send: async ({ digest, path, sizeBytes }) => {
      const outcome = await blobs.send(digest, { path, sizeBytes });
      if (outcome !== 'sent') fail(outcome);
    },
    fetch: async ({ digest, sizeBytes }) => {
      const outcome = await blobs.fetch(digest, sizeBytes, { into });
      if (outcome !== 'fetched') fail(outcome);
    },
    close: () => {
      blobs[Symbol.dispose]();
      opened.close();
    },
  };
}

export interface Rates {
  /** Seconds for all blobs, one a round. */
  readonly raw: Record<'send' | 'fetch', number[]>;
  readonly own: Record<'send' | 'fetch', number[]>;
}

export interface Comparison {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly name: string;
  readonly blobs: readonly BenchBlob[];
  readonly rounds: number;
  /** Requests at once, and blobs at once, of each. */
  readonly atOnce: number;
}

/** Every round sends and fetches all blobs by both, in turns; who comes first changes from round to round. */
export async function compare({ env, folder, name, blobs, rounds, atOnce }: Comparison): Promise<Rates> {
  const rates: Rates = { raw: { send: [], fetch: [] }, own: { send: [], fetch: [] } };
  for (let round = 0; round < rounds; round += 1) {
    const at = join(folder, `${name}-${round}`);
    const place = { env, prefix: `${name}-${round}`, atOnce };
    const contenders = {
      raw: rawContender({ ...place, prefix: `${place.prefix}-raw`, folder: join(at, 'raw') }),
      own: await ownContender({ ...place, folder: join(at, 'own') }),
    };
    const order = round % 2 === 0 ? (['raw', 'own'] as const) : (['own', 'raw'] as const);
    for (const what of ['send', 'fetch'] as const)
      for (const who of order)
        rates[who][what].push(await secondsFor(blobs, atOnce, (blob) => contenders[who][what](blob)));
    for (const contender of Object.values(contenders)) contender.close();
    rmSync(at, { recursive: true });
  }
  return rates;
}

async function secondsFor(
  blobs: readonly BenchBlob[],
  atOnce: number,
  move: (blob: BenchBlob) => Promise<void>,
): Promise<number> {
  const waiting = [...blobs];
  const startedMs = performance.now();
  const moveSome = async (): Promise<void> => {
    for (let blob = waiting.pop(); blob; blob = waiting.pop()) await move(blob);
  };
  await Promise.all(Array.from({ length: atOnce }, moveSome));
  return (performance.now() - startedMs) / 1000;
}
