/** `flow cache promote`: vouches for what untrusted machines have made, once it has been checked. */
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
import { compareSample } from './compare-sample.ts';
import { firstLines } from './first-lines.ts';
import { makeAnew } from './make-anew.ts';
import { type OpenedBucket, withBucket } from './open-bucket.ts';
import { runsInPart, runsOfTargets } from './promotable-runs.ts';
import { type Promoted, promoteRuns } from './promote-runs.ts';
import { ThrowAwayFolder } from './throw-away-folder.ts';

export interface PromoteFlags extends BuildFlags {
  readonly all?: boolean;
  /** How many of the actions are done again here. */
  readonly recompute?: number;
}

/** @returns the exit status: 1 if anything was refused or is not there @throws {FlowError} `config_invalid`, as `lostRemote` */
export async function promoteCommand(words: readonly string[], flags: PromoteFlags): Promise<number> {
  checkUse(words, flags);
  return withBucket(flags, async (bucket) => {
    using folder = new ThrowAwayFolder('flow-promote-');
    using promoter = promoterOf(bucket, folder.path, flags);
    const { promoted, compared } =
      words.length > 0
        ? await promoteTargets(words, flags, { promoter, folder: folder.path })
        : { promoted: await promoteRuns(runsInPart(bucket.parts.scratch, promoter), promoter) };
    const facts = { url: bucket.url, is_dry_run: flags.dryRun ?? false, ...promoted, ...compared };
    process.stdout.write(flags.json ? jsonLine(facts) : printable(`${textOf(facts).join('\n')}\n`));
    return promoted.refused.length + promoted.absent > 0 ? 1 : 0;
  });
}

interface Outcome {
  readonly promoted: Promoted;
  /** Absent if nothing was to be made anew. */
  readonly compared?: { readonly drawn: number; readonly recomputed: number; readonly differing: number };
}

/** One result that is not what running gives, and nothing goes: who has sent it should not be believed about the rest. */
async function promoteTargets(
  words: readonly string[],
  flags: PromoteFlags,
  { promoter, folder }: { readonly promoter: Promoter; readonly folder: string },
): Promise<Outcome> {
  const runs = await runsOfTargets(words, flags, promoter);
  const { recompute: count } = flags;
  if (count === undefined) return { promoted: await promoteRuns(runs, promoter) };
  const { drawn, recomputed, differing } = await compareSample(runs, {
    count,
    makeAnew: (targets) => makeAnew(targets, flags, join(folder, 'anew')),
  });
  const promoted =
    differing.length > 0
      ? { promoted: [], present: 0, absent: 0, refused: differing }
      : await promoteRuns(runs, promoter);
  return { promoted, compared: { drawn, recomputed, differing: differing.length } };
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

interface Facts extends Promoted {
  readonly url: string;
  readonly is_dry_run: boolean;
  readonly drawn?: number;
  readonly recomputed?: number;
  readonly differing?: number;
}

function textOf(facts: Facts): string[] {
  const { url, is_dry_run, promoted, present, absent, refused, drawn, recomputed, differing = 0 } = facts;
  const there = present > 0 ? `; ${present} trusted already` : '';
  const nothing = 'who sends what does not come out here is not believed about the rest';
  return [
    ...(drawn === undefined || recomputed === undefined ? [] : [comparedText(drawn, recomputed)]),
    `${url}: ${counted(promoted.length, 'result')} ${is_dry_run ? 'would be ' : ''}promoted${there}${differing > 0 ? `: ${nothing}` : ''}`,
    ...(absent > 0 ? [`${counted(absent, 'result')} that nobody has sent`] : []),
    ...firstLines(refused.map(({ key, reason }) => `refused: ${digestText(key)}: ${reason}`)),
  ];
}

/** What lies on the way to a result has to be made anew, too. */
function comparedText(drawn: number, recomputed: number): string {
  const others = recomputed - drawn;
  const more = others > 0 ? `, and ${others} more on the way to ${drawn === 1 ? 'it' : 'them'}` : '';
  return `${counted(drawn, 'result')} drawn${more}, made anew here and compared`;
}
