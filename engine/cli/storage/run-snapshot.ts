/** A run as it is in a bucket, whole or not, in a folder of its own: for who has to see what is wrong with it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eachOf } from '../../core/each-of.ts';
import { type Storage, storageKey } from '../../core/storage.ts';
import type { RunPlace } from '../runs/run-places.ts';

export interface RunSnapshot extends Disposable {
  readonly place: RunPlace;
}

export interface SnapshotSource {
  readonly bucket: Storage;
  /** `platform/video/run`. */
  readonly name: string;
  /** The folder is made beside this one. */
  readonly beside: string;
}

const mostAtOnce = 8;

/** The folder goes when it is disposed of. @throws {FlowError} what the bucket throws */
export async function takeSnapshot({ bucket, name, beside }: SnapshotSource): Promise<RunSnapshot> {
  mkdirSync(dirname(beside), { recursive: true });
  const base = mkdtempSync(join(dirname(beside), 'snapshot-'));
  const remove = (): void => rmSync(base, { recursive: true, force: true });
  try {
    const entries = await Array.fromAsync(bucket.list(storageKey(name)));
    await eachOf(entries, mostAtOnce, async ({ key }) => {
      const found = await bucket.read(key);
      if (!found) return; // Removed since it was listed: then the audit finds it missing.
      mkdirSync(dirname(join(base, key)), { recursive: true });
      await writeFile(join(base, key), found.body);
    });
  } catch (error) {
    remove();
    throw error;
  }
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return {
    place: { folder, manifestPath: join(folder, 'manifest.json'), name },
    [Symbol.dispose]: remove,
  };
}
