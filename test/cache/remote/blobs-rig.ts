/** A bucket in memory, local stores beside it, and blobs whose content comes from a seed. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import { FaultyObjects, type ObjectFault } from '../../../cache/remote/faulty-objects.ts';
import { blobObject } from '../../../cache/remote/layout.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import {
  RemoteBlobs,
  type RemoteBlobsSetting,
  type SendOutcome,
} from '../../../cache/remote/remote-blobs.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import { RealDisk } from '../../../engine/io/disk.ts';

export interface Blob {
  readonly digest: Digest;
  readonly content: Uint8Array;
}

export function blobOf(content: Uint8Array): Blob {
  return { digest: digestOf(content), content };
}

/** Content that no zstd makes smaller. */
export function noise(sizeBytes: number, seed = 1): Blob {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    words[index] = state ^ (state >>> 15);
  }
  return blobOf(new Uint8Array(words.buffer, 0, sizeBytes));
}

/** Content that zstd makes smaller by a half. */
export function text(sizeBytes: number): Blob {
  return blobOf(noise(sizeBytes).content.map((byte) => byte & 15));
}

export class BlobsRig implements Disposable {
  readonly bucket = new MemoryObjects();
  readonly disk = new RealDisk();
  readonly folder = mkdtempSync(join(tmpdir(), 'flow-remote-blobs-'));
  /** What `onBad` was told. */
  readonly reasons: string[] = [];

  constructor() {
    mkdirSync(this.cacheFolder('one'));
    mkdirSync(this.cacheFolder('two'));
  }

  cacheFolder(name: string): string {
    return join(this.folder, name);
  }

  store(name: string): LocalBlobStore {
    return new LocalBlobStore(this.disk, this.cacheFolder(name));
  }

  /** As of another process that shares the cache folder, if it is the same. */
  remote(name: string, setting: Partial<RemoteBlobsSetting> = {}): RemoteBlobs {
    return new RemoteBlobs({
      objects: this.bucket,
      remote: 's3://bucket/prefix',
      disk: this.disk,
      cacheFolder: this.cacheFolder(name),
      onBad: (_, reason) => this.reasons.push(reason),
      onTrouble: (message) => {
        throw new Error(message);
      },
      ...setting,
    });
  }

  /** The bucket, behind a fault; it counts the calls. */
  faulty(fault: Partial<ObjectFault> = {}): FaultyObjects {
    return new FaultyObjects(this.bucket, { isHit: () => false, effect: 'cut', ...fault });
  }

  /** The same, of which every other body, the first one too, is cut in its middle. */
  faultyAndCut(fault: Partial<ObjectFault>): FaultyObjects {
    const cut = this.faulty({ isHit: ({ count }) => count % 2 === 1, effect: 'cut' });
    return new FaultyObjects(cut, { isHit: () => false, effect: 'cut', ...fault });
  }

  /** A file with the blob's content, or another. */
  file({ content }: Blob): string {
    const path = join(this.folder, 'source');
    writeFileSync(path, content);
    return path;
  }

  async send(
    blob: Blob,
    options: { objects?: FaultyObjects; isForced?: boolean } = {},
  ): Promise<SendOutcome> {
    const { objects, isForced = false } = options;
    using remote = this.remote('one', objects && { objects });
    return await remote.send(blob.digest, {
      path: this.file(blob),
      sizeBytes: blob.content.length,
      isForced,
    });
  }

  async fetch(
    { digest, content }: Blob,
    setting: Partial<RemoteBlobsSetting> = {},
  ): Promise<'fetched' | 'absent' | 'bad'> {
    using remote = this.remote('two', setting);
    return await remote.fetch(digest, content.length, { into: this.store('two') });
  }

  /** What lies at the blob's place in the second store. */
  async fetchedContent({ digest }: Blob): Promise<Uint8Array | undefined> {
    return this.store('two').get(digest);
  }

  /** Everything in the folder of the blob's place, in the second store. */
  filesBeside({ digest }: Blob): string[] {
    try {
      return readdirSync(join(this.store('two').pathOf(digest), '..'));
    } catch {
      return []; // Nothing has been brought.
    }
  }

  quarantined(): Buffer[] {
    const folder = join(this.cacheFolder('two'), 'quarantine');
    return readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  }

  /** Puts something else in the place of the blob's object. */
  replace(
    { digest }: Blob,
    { content, notes }: { content: Uint8Array; notes?: Record<string, string> },
  ): void {
    const key = blobObject(digest);
    const before = this.bucket.kept.get(key) ?? { etag: 'some', modifiedAtMs: 0, notes: {} };
    const object = { ...before, content, sizeBytes: content.length };
    this.bucket.kept.set(key, notes ? { ...object, notes } : object);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
