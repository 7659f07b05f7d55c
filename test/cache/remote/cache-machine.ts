/** A machine with its local cache, one of several that share a bucket in memory. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { EntryContent } from '../../../cache/remote/entry.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { RemoteLeases } from '../../../cache/remote/remote-leases.ts';
import { SentResults } from '../../../cache/remote/sent-results.ts';
import { anybody } from '../../../cache/remote/trust.ts';
import { UploadQueue } from '../../../cache/remote/upload-queue.ts';
import { SqliteActionCache } from '../../../cache/sqlite-action-cache.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { FileBlobStore } from '../../../engine/core/store.ts';
import type { BlobsRig } from './blobs-rig.ts';
import { resultOf } from './sample-bucket.ts';

const url = 's3://bucket/prefix';

export interface MachineOptions {
  /** The bucket as this machine sees it. */
  readonly objects?: ObjectStore;
  readonly nowMs?: () => number;
}

export class CacheMachine implements AsyncDisposable {
  readonly cache: RemoteCache;
  readonly files: FileBlobStore;
  readonly #actions: SqliteActionCache;
  /** Why results were not sent. */
  readonly skipped: string[] = [];

  constructor(
    rig: BlobsRig,
    name: 'one' | 'two',
    { objects = rig.bucket, nowMs = Date.now }: MachineOptions = {},
  ) {
    const fileNamed = (file: string): string => join(rig.cacheFolder(name), file);
    const part = { objects, blobs: rig.remote(name, { objects }) };
    this.files = rig.store(name);
    this.#actions = new SqliteActionCache(fileNamed('actions.db'), assert.fail);
    this.cache = new RemoteCache({
      url,
      read: [part],
      write: part,
      local: { actions: this.#actions, files: this.files },
      trust: anybody,
      signer: undefined,
      queue: new UploadQueue(fileNamed('uploads.db'), url, assert.fail),
      sent: new SentResults(fileNamed('sent.db'), { remote: url, nowMs, onTrouble: assert.fail }),
      leases: new RemoteLeases({ objects, onOff: assert.fail }),
      bucket: { open: assert.fail, counts: () => undefined, close: () => undefined },
      onWarning: () => undefined,
      onSkipped: (_, reason) => this.skipped.push(reason),
      onSent: () => undefined,
      onProgress: () => undefined,
    });
  }

  /** Does an action that gives these texts, each a blob. */
  async make(action: string, texts: readonly string[]): Promise<EntryContent> {
    const made = resultOf(action, texts);
    for (const text of texts) await this.files.put(digestOf(text), Buffer.from(text));
    this.#actions.put(made.key, made.result, made.ingredients);
    return made;
  }

  /** Takes the result of another machine, without its bytes. */
  async take({ key }: EntryContent): Promise<void> {
    const found = await this.cache.find(key, digestOf('run'));
    assert.ok(found);
    this.#actions.put(key, found.result, found.ingredients, found.seal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cache.close();
    this.#actions.close();
  }
}
