/** The cache that machines share, where one is named: whether it can be used as a build would use it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addressingOf, type BucketSettings } from '../../../cache/remote/open-objects.ts';
import { counted } from '../duration-text.ts';
import { remoteSettings } from '../remote-settings.ts';
import type { Workspace } from '../workspace.ts';
import type { Check, Finding } from './finding.ts';
import { signingKey, trustedKeys } from './key-findings.ts';

export interface RemoteDoctorFlags {
  readonly remote?: string;
  readonly remoteReadOnly?: boolean;
  readonly remoteScratch?: boolean;
  readonly offline?: boolean;
}

export function remoteChecks(workspace: Workspace, flags: RemoteDoctorFlags): Check[] {
  const { area, name } = { area: 'remote', name: 'remote cache' } as const;
  try {
    const settings = flags.offline
      ? undefined
      : remoteSettings({ flag: flags.remote, setting: workspace.remote }, process.env);
    if (!settings) return [{ area, name, examine: () => [none] }];
    const isReader = flags.remoteReadOnly ?? false;
    return [
      { area, name, examine: () => [bucketAddress(name, settings)] },
      { area, name: 'server', examine: () => examineServer(settings, flags) },
      { area, name: 'signing key', examine: () => [signingKey(workspace, { env: process.env, isReader })] },
      { area, name: 'trusted keys', examine: () => [trustedKeys(workspace)] },
      { area, name: 'uploads', examine: () => examineUploads(workspace, settings, flags) },
    ];
  } catch (thrown) {
    return [{ area, name, examine: () => Promise.reject(thrown) }];
  }
}

const none: Finding = {
  name: 'remote cache',
  level: 'info',
  found: 'none is used: this machine works for itself',
};

/** Where a bucket is, and how it is spoken to. */
export function bucketAddress(name: string, settings: BucketSettings): Finding {
  const { url, endpoint } = settings;
  const { region, isPathStyle } = addressingOf(settings);
  const parts = [
    `${url} at ${endpoint ?? 'Amazon S3'}`,
    region === undefined ? 'the region that the AWS SDK finds' : `region ${region}`,
    `the bucket in the ${isPathStyle ? 'path' : "host's name"}`,
  ];
  return { name, level: 'info', found: parts.join(', ') };
}

async function examineServer(settings: BucketSettings, flags: RemoteDoctorFlags): Promise<Finding[]> {
  // It loads the native hashing: where that is broken, its own check says so.
  const { examineBucket } = await import('./examine-bucket.ts');
  return examineBucket(settings, flags);
}

async function examineUploads(
  { cacheFolder }: Pick<Workspace, 'cacheFolder'>,
  { url }: BucketSettings,
  { remoteScratch }: RemoteDoctorFlags,
): Promise<Finding[]> {
  const name = 'uploads';
  const path = join(cacheFolder, 'uploads.db');
  const nothing: Finding = { name, level: 'pass', found: 'none are left from earlier builds' };
  if (!existsSync(path)) return [nothing]; // Looking makes no files.
  const { partName } = await import('../remote/open-remote.ts');
  const { UploadQueue } = await import('../../../cache/remote/upload-queue.ts');
  const troubles: string[] = [];
  const queue = new UploadQueue(path, partName(url, { isScratch: remoteScratch ?? false }), (message) =>
    troubles.push(message),
  );
  const { count } = queue;
  queue.close();
  if (troubles.length > 0)
    return [{ name, level: 'warn', found: troubles.join(' '), fix: 'Look after the cache folder.' }];
  const found = `${counted(count, 'result')} of earlier builds wait to be sent: the next build or flow cache push does that`;
  return [count === 0 ? nothing : { name, level: 'info', found }];
}
