/** Opens the remote cache that a command is to use. Nothing is asked of it before somebody needs something. */
import { join } from 'node:path';
import { BucketPart } from '../../../cache/remote/bucket-part.ts';
import { scratchPart } from '../../../cache/remote/layout.ts';
import { RemoteError } from '../../../cache/remote/object-store.ts';
import type { BucketSettings, OpenedObjects } from '../../../cache/remote/open-objects.ts';
import { RemoteBlobs } from '../../../cache/remote/remote-blobs.ts';
import { type RemoteBucket, RemoteCache, type RemotePart } from '../../../cache/remote/remote-cache.ts';
import { RemoteLeases } from '../../../cache/remote/remote-leases.ts';
import { SentResults } from '../../../cache/remote/sent-results.ts';
import { UploadQueue } from '../../../cache/remote/upload-queue.ts';
import type { Digest } from '../../core/digest.ts';
import type { EventStream } from '../../core/events.ts';
import type { BuildFlags } from '../build-flags.ts';
import { openTrust } from '../keys/open-trust.ts';
import { remoteSettings } from '../remote-settings.ts';
import type { Workbench } from '../workbench.ts';
import type { Workspace } from '../workspace.ts';
import { lostRequired, noRemote } from './remote-errors.ts';

export type RemoteFlags = Pick<
  BuildFlags,
  'remote' | 'remoteReadOnly' | 'remoteScratch' | 'remoteRequired' | 'offline'
>;

export interface RemoteInput {
  readonly workspace: Workspace;
  readonly workbench: Workbench;
  readonly flags: RemoteFlags;
  /** Told how far uploads are. */
  readonly events?: EventStream;
  /** Told of results that cannot be sent, and why: 'it …'. */
  readonly onSkipped?: (key: Digest, reason: string) => void;
}

/**
 * Undefined where no remote cache is named, or none is wanted.
 *
 * @throws {FlowError} `config_invalid` for a URL or a key file that is none; as `lostRequired` if it is required and cannot be used
 */
export async function openRemote(input: RemoteInput): Promise<RemoteCache | undefined> {
  const { workspace, flags } = input;
  const settings = flags.offline
    ? undefined
    : remoteSettings({ flag: flags.remote, setting: workspace.remote }, process.env);
  if (settings) {
    const remote = remoteAt(settings, input);
    if (flags.remoteRequired) await insistOn(remote);
    return remote;
  }
  if (flags.remoteRequired) throw noRemote('--remote-required');
  return undefined;
}

function remoteAt(
  settings: BucketSettings,
  { workspace, workbench, flags, events, onSkipped }: RemoteInput,
): RemoteCache {
  const { url } = settings;
  const { cacheFolder } = workspace;
  const { disk, actions, files, stores } = workbench;
  const onTrouble = (message: string): void => workbench.warn(message);
  const bucket = lazily(async () => {
    const { openObjects } = await import('../../../cache/remote/open-objects.ts');
    return openObjects(settings, {
      onOpen: (error) => remote.lose(error),
      onForbidden: (error) => remote.noteReadOnly(error),
    });
  });
  const partAt = (beginning: string): RemotePart => {
    const objects = new BucketPart(async () => (await bucket.open()).objects, beginning);
    const name = `${url}/${beginning}`;
    const onBad = (digest: Digest, reason: string): void => remote.noteBad(digest, reason);
    return {
      objects,
      blobs: new RemoteBlobs({ objects, remote: name, disk, cacheFolder, onBad, onTrouble }),
    };
  };
  const trusted = partAt('');
  const scratch = flags.remoteScratch ? partAt(scratchPart) : undefined;
  const write = flags.remoteReadOnly ? undefined : (scratch ?? trusted);
  const name = partName(url, { isScratch: scratch !== undefined });
  const remote: RemoteCache = new RemoteCache({
    url,
    read: scratch ? [trusted, scratch] : [trusted],
    write,
    local: { actions, files },
    ...openTrust(workspace, { env: process.env, warn: onTrouble }),
    queue: new UploadQueue(join(cacheFolder, 'uploads.db'), name, onTrouble),
    sent: new SentResults(join(cacheFolder, 'sent.db'), { remote: name, nowMs: Date.now, onTrouble }),
    leases:
      write &&
      new RemoteLeases({ objects: write.objects, onOff: (reason) => remote.noteWithoutLeases(reason) }),
    bucket,
    onWarning: onTrouble,
    onSkipped: (key, reason) => {
      stores.records.note('not_uploaded', [{ id: key, reason, bytes: 0, atMs: Date.now() }]);
      onSkipped?.(key, reason);
    },
    onSent: (key) => stores.records.forgetNote('not_uploaded', key),
    onProgress: ({ doneBytes, totalBytes }) =>
      events?.emit({ type: 'progress', activity: 'upload', name: url, doneBytes, totalBytes }),
  });
  return remote;
}

/** What is sent, and what still has to be, is noted by the part of the bucket that it is for. */
export function partName(url: string, { isScratch }: { readonly isScratch: boolean }): string {
  return `${url}/${isScratch ? scratchPart : ''}`;
}

/** A bucket that is opened once, when it is needed. */
function lazily(open: () => Promise<OpenedObjects>): RemoteBucket {
  let opening: Promise<OpenedObjects> | undefined;
  let opened: OpenedObjects | undefined;
  return {
    open: async () => {
      opening ??= open();
      opened = await opening;
      return opened;
    },
    counts: () => opened?.counts(),
    close: () => opened?.close(),
  };
}

/** Finds out at once what a build would find out at its first request. @throws {FlowError} as `lostRequired` */
async function insistOn(remote: RemoteCache): Promise<void> {
  try {
    await remote.check();
  } catch (error) {
    await remote.close();
    throw error instanceof RemoteError ? lostRequired(remote.url, error) : error;
  }
}
