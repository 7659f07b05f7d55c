/**
 * The benches of the remote cache beside the AWS SDK alone, as a table: `npm run bench:cache [-- NAME…]`. It starts a
 * real S3 server for itself.
 *
 * Figures of one run belong together; across machines and days only their ratios do.
 */
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamDigest } from '../engine/core/digest.ts';
import { RealDisk } from '../engine/io/disk.ts';
import { startS3, withoutS3 } from '../test/s3-server.ts';
import { printBenches, type Row } from './bench/bench-table.ts';
import { type BenchBlob, compare, fillWithHex, makeBlobs, type Rates } from './bench/cache-transfers.ts';
import { measure } from './bench/measure.ts';
import type { OneTransfer, TransferFigures } from './bench/one-transfer.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flow-bench-cache-')));
const megabyte = 1e6;
/** Even: who comes second finds less free memory, and each is second as often as the other. */
const rounds = 6;
const nameOf = { raw: 'SDK alone', own: 'RemoteBlobs' } as const;

const benches: Readonly<Record<string, (env: Readonly<Record<string, string>>) => Promise<Row[]>>> = {
  clone,
  small,
  large,
  compressible,
  memory,
};

if (withoutS3) process.stdout.write(`Nothing is measured: ${withoutS3}.\n`);
else await all();

async function all(): Promise<void> {
  const server = await startS3({ kind: 'radosgw' });
  try {
    const over = Object.entries(benches).map(([name, bench]) => [name, () => bench(server.env)]);
    await printBenches(Object.fromEntries(over));
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the local cache does for a build that finds everything there. */
async function clone(): Promise<Row[]> {
  const blobs = makeBlobs(join(folder, 'clone/from'), 20, 50 * megabyte);
  const disk = new RealDisk();
  const ways = new Set<string>();
  const [copied, cloned]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const to = join(folder, 'clone/to');
    mkdirSync(to);
    copied.push(
      await seconds(async () => {
        for (const [index, { path }] of blobs.entries()) copyFileSync(path, join(to, `a${index}`));
      }),
    );
    cloned.push(
      await seconds(async () => {
        for (const [index, { path }] of blobs.entries())
          ways.add(await disk.clone(path, join(to, `b${index}`)));
      }),
    );
    rmSync(to, { recursive: true });
  }
  const ratio = median(copied) / median(cloned);
  const figure = `${ms(median(cloned))} (${[...ways].join(', ')}), a copy ${ms(median(copied))} = ${ratio.toFixed(0)} times faster`;
  rmSync(join(folder, 'clone'), { recursive: true });
  return [{ what: 'local restore of 20 × 50 MB', figure, bar: '≥ 10 times' }];
}

async function small(env: Readonly<Record<string, string>>): Promise<Row[]> {
  const blobs = makeBlobs(join(folder, 'small'), 1000, 1000);
  const rates = await compare({ env, folder, name: 'small', blobs, rounds, atOnce: 16 });
  return ratioRows('1,000 × 1 KB', rates, (took) => `${(blobs.length / took).toFixed(0)} a second`, '≥ 0.9');
}

async function large(env: Readonly<Record<string, string>>): Promise<Row[]> {
  const blobs = makeBlobs(join(folder, 'large'), 20, 50 * megabyte);
  const rates = await compare({ env, folder, name: 'large', blobs, rounds, atOnce: 4 });
  return ratioRows('20 × 50 MB of noise', rates, speedOf(blobs), '≥ 0.9');
}

async function compressible(env: Readonly<Record<string, string>>): Promise<Row[]> {
  const blobs = makeBlobs(join(folder, 'compressible'), 4, 50 * megabyte, fillWithHex);
  const rates = await compare({ env, folder, name: 'compressible', blobs, rounds: 4, atOnce: 4 });
  return ratioRows('4 × 50 MB that zstd makes smaller', rates, speedOf(blobs), '');
}

/** Large blobs, each way in a process of its own: ten times the size takes no more memory. */
async function memory(env: Readonly<Record<string, string>>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [size, megabytes] of Object.entries({ '400 MB': 400, '4 GB': 4000 })) {
    const blob = hugeBlob(join(folder, size), megabytes * megabyte);
    for (const what of ['send', 'fetch'] as const)
      for (const who of ['raw', 'own'] as const) {
        const name = `${who}-${megabytes}`;
        const transfer: OneTransfer = {
          who,
          what,
          blob,
          place: { env, prefix: name, folder: join(folder, name), atOnce: 4 },
        };
        const script = join(import.meta.dirname, 'bench/one-transfer.ts');
        const { stdout, peakBytes } = await measure([process.execPath, script, JSON.stringify(transfer)]);
        const { seconds: took } = JSON.parse(stdout) as TransferFigures; // What the script prints.
        const figure = `${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${speedOf([blob])(took)}`;
        const bar = who === 'own' ? 'flat' : '';
        rows.push({ what: `${what} of one blob of ${size}, ${nameOf[who]}: peak memory`, figure, bar });
      }
    for (const name of [`raw-${megabytes}`, `own-${megabytes}`, size])
      rmSync(join(folder, name), { recursive: true });
  }
  return rows;
}

/** Blocks of noise with a number in each: no two of them are equal, and none is any smaller as zstd. */
function hugeBlob(path: string, sizeBytes: number): BenchBlob {
  const block = randomFillSync(Buffer.allocUnsafe(8 * megabyte));
  const hasher = new StreamDigest();
  const file = openSync(path, 'w');
  for (let at = 0; at < sizeBytes; at += block.length) {
    block.writeDoubleLE(at);
    hasher.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return { digest: hasher.finish(), sizeBytes, path };
}

function ratioRows(what: string, rates: Rates, rateOf: (seconds: number) => string, bar: string): Row[] {
  return (['fetch', 'send'] as const).map((way) => {
    const [own, raw] = [median(rates.own[way]), median(rates.raw[way])];
    const figure = `${rateOf(own)}, SDK alone ${rateOf(raw)} = ${(raw / own).toFixed(2)}`;
    return { what: `${way === 'fetch' ? 'restore' : 'push'} of ${what}`, figure, bar };
  });
}

function speedOf(blobs: readonly BenchBlob[]): (seconds: number) => string {
  const megabytes = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / megabyte;
  return (took) => `${(megabytes / took).toFixed(0)} MB/s`;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

function ms(took: number): string {
  return `${(took * 1000).toFixed(took < 0.1 ? 1 : 0)} ms`;
}
