/** The bucket of the remote cache, for commands that look into it or keep it in order. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BucketPart } from '../../../cache/remote/bucket-part.ts';
import { scratchPart } from '../../../cache/remote/layout.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import { openObjects } from '../../../cache/remote/open-objects.ts';
import { SentResults } from '../../../cache/remote/sent-results.ts';
import { partName } from '../remote/open-remote.ts';
import { asCommandError, noRemote } from '../remote/remote-errors.ts';
import { remoteSettings } from '../remote-settings.ts';
import { warnAside } from '../warn-aside.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';

export interface BucketFlags {
  /** A URL, or true for the bucket that the environment or `flow.yaml` names. */
  readonly remote?: string | true;
  readonly cacheDir?: string;
  readonly json?: boolean;
}

/** `trusted`: what trusted readers read. `scratch`: what untrusted writers have written. */
export const partNames = ['trusted', 'scratch'] as const;
export type PartName = (typeof partNames)[number];

export interface OpenedBucket {
  readonly url: string;
  readonly workspace: Workspace;
  readonly parts: Readonly<Record<PartName, ObjectStore>>;
}

/** @throws {FlowError} `config_invalid` where none is named; as `lostRemote` if it cannot be used */
export async function withBucket<T>(
  flags: BucketFlags,
  use: (bucket: OpenedBucket) => Promise<T>,
): Promise<T> {
  const workspace = findWorkspace(flags);
  const flag = flags.remote === true ? undefined : flags.remote;
  const settings = remoteSettings({ flag, setting: workspace.remote }, process.env);
  if (!settings) throw noRemote('--remote');
  const opened = await openObjects(settings);
  const scratch = new BucketPart(async () => opened.objects, scratchPart);
  try {
    return await use({ url: settings.url, workspace, parts: { trusted: opened.objects, scratch } });
  } catch (error) {
    throw asCommandError(settings.url, error);
  } finally {
    opened.close();
  }
}

/** What of the bucket this machine has removed it must not think to be there any more. */
export function forgetSent({ url, workspace }: OpenedBucket): void {
  const path = join(workspace.cacheFolder, 'sent.db');
  if (!existsSync(path)) return; // It has sent nothing.
  for (const part of partNames) {
    const remote = partName(url, { isScratch: part === 'scratch' });
    const sent = new SentResults(path, { remote, nowMs: Date.now, onTrouble: warnAside });
    sent.forgetAll();
    sent.close();
  }
}
