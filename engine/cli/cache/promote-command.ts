/** `flow cache promote`: vouches for what untrusted machines have made, once it has been checked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import { Promoter } from '../../../cache/remote/promoter.ts';
import { RemoteBlobs } from '../../../cache/remote/remote-blobs.ts';
import type { RemotePart } from '../../../cache/remote/remote-cache.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { RealDisk } from '../../io/disk.ts';
import type { BuildFlags } from '../build-flags.ts';
import { digestText } from '../digest-text.ts';
import { counted } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { openTrust } from '../keys/open-trust.ts';
import { warnAside } from '../warn-aside.ts';
import { makeAnew } from './make-anew.ts';
import { type OpenedBucket, withBucket } from './open-bucket.ts';
import { runsInPart, runsOfTargets } from './promotable-runs.ts';
import { type Promoted, promoteRuns } from './promote-runs.ts';

export interface PromoteFlags extends BuildFlags {
  readonly all?: boolean;
  /** How many of the actions are done again here. */
  readonly recompute?: number;
}

/** @returns the exit status: 1 if anything was refused @throws {FlowError} `remote_unavailable`, `config_invalid` */
export async function promoteCommand(words: readonly string[], flags: PromoteFlags): Promise<number> {
  checkUse(words, flags);
  return withBucket(flags, (bucket) =>
    inThrowAwayFolder(async (folder) => {
      using promoter = promoterOf(bucket, folder, flags);
      const { recompute: count } = flags;
      const sample = count === undefined ? undefined : { count, makeAnew: makerOf(flags, folder) };
      const runs =
        words.length > 0
          ? await runsOfTargets(words, flags, promoter)
          : await runsInPart(bucket.parts.scratch);
      const promoted = await promoteRuns(runs, promoter, sample);
      process.stdout.write(
        flags.json
          ? jsonLine({ url: bucket.url, is_dry_run: flags.dryRun ?? false, ...promoted })
          : printable(`${textOf(promoted, bucket.url, flags).join('\n')}\n`),
      );
      return promoted.refused.length > 0 ? 1 : 0;
    }),
  );
}

function checkUse(words: readonly string[], { all = false, recompute }: PromoteFlags): void {
  if (words.length > 0 === all) {
    const why = all ? 'targets and --all exclude each other' : 'nothing is named';
    throw wrongUse(
      'flow cache promote',
      `Cannot tell what to promote: ${why}.`,
      'Name targets, as run:clip.mp4, or write --all.',
    );
  }
  if (all && recompute !== undefined)
    throw wrongUse(
      '--recompute',
      'Cannot make anew what is known by its key alone.',
      'Name targets instead of --all.',
    );
}

async function inThrowAwayFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'flow-promote-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makerOf(
  flags: PromoteFlags,
  folder: string,
): (words: readonly string[]) => ReturnType<typeof makeAnew> {
  return (words) => makeAnew(words, flags, join(folder, 'anew'));
}

function promoterOf({ url, parts, workspace }: OpenedBucket, folder: string, flags: PromoteFlags): Promoter {
  const { trust, signer } = openTrust(workspace, { env: process.env, warn: warnAside });
  if (!signer)
    throw wrongUse(
      'flow cache promote',
      'Cannot vouch for anything: this machine has no signing key.',
      'Make one: `flow keys new`; those who shall believe it add it to their trusted_keys.',
    );
  const disk = new RealDisk();
  const partOf = (objects: ObjectStore, name: string): RemotePart => {
    const onBad = (): void => undefined; // The promoter is told, too.
    const remote = `${url}/${name}`;
    return {
      objects,
      blobs: new RemoteBlobs({ objects, remote, disk, cacheFolder: folder, onBad, onTrouble: warnAside }),
    };
  };
  return new Promoter({
    scratch: partOf(parts.scratch, 'scratch'),
    trusted: partOf(parts.trusted, 'trusted'),
    trust,
    signer,
    staging: new LocalBlobStore(disk, folder),
    isDryRun: flags.dryRun ?? false,
  });
}

function wrongUse(where: string, message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where, message, fix });
}

function textOf(
  { promoted, present, absent, refused, recomputed }: Promoted,
  url: string,
  { dryRun: isDryRun = false, recompute }: PromoteFlags,
): string[] {
  const there = present > 0 ? `; ${present} trusted already` : '';
  return [
    ...(recompute === undefined ? [] : [`${counted(recomputed, 'result')} made anew here and compared`]),
    `${url}: ${counted(promoted.length, 'result')} ${isDryRun ? 'would be ' : ''}promoted${there}`,
    ...(absent > 0 ? [`${counted(absent, 'result')} that nobody has sent`] : []),
    ...refused.map(({ key, reason }) => `refused: ${digestText(key)}: ${reason}`),
  ];
}
