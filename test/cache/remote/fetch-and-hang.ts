/** Fetches a blob of 20 MiB into the cache folder that it is given, and waits for ever where the second piece should end. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import { RemoteBlobs } from '../../../cache/remote/remote-blobs.ts';
import { RealDisk } from '../../../engine/io/disk.ts';
import { BlobsRig, noise } from './blobs-rig.ts';

const cacheFolder = process.argv[2]!;
const { digest, content } = noise(20 * 2 ** 20 + 5);
const rig = new BlobsRig();
await rig.send({ digest, content });
rig[Symbol.dispose](); // The bucket stays.
const forever = new Promise<never>(() => setInterval(() => undefined, 60_000));
const isHit = ({ count }: { count: number }): boolean => count === 2;
const remote = new RemoteBlobs({
  objects: rig.faultyAndCut({ isHit, effect: { wait: forever } }),
  remote: 's3://bucket/prefix',
  disk: new RealDisk(),
  cacheFolder,
  onBad: () => undefined,
  onTrouble: () => undefined,
});
void remote.fetch(digest, content.length, { into: new LocalBlobStore(new RealDisk(), cacheFolder) });

const transfers = new DatabaseSync(join(cacheFolder, 'transfers.db'));
while (transfers.prepare('SELECT * FROM pieces').all().length < 1) await nextTurn();
process.stdout.write('waiting\n');
