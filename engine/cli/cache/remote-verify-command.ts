/** `flow cache verify --remote`: reads all that a bucket holds, and removes what is bad where that is asked for. */
import { listContents } from '../../../cache/remote/bucket-contents.ts';
import { scratchPart } from '../../../cache/remote/layout.ts';
import { type BadObject, type VerifiedBucket, verifyBucket } from '../../../cache/remote/verify-bucket.ts';
import { printable } from '../../core/errors.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { openTrust } from '../keys/open-trust.ts';
import { warnAside } from '../warn-aside.ts';
import { byteProgress } from './byte-progress.ts';
import { contentsDocument, type PartContents, totalOf } from './contents-table.ts';
import { firstLines } from './first-lines.ts';
import {
  type BucketFlags,
  forgetSent,
  type OpenedBucket,
  type PartName,
  partNames,
  withBucket,
} from './open-bucket.ts';

export interface RemoteVerifyFlags extends BucketFlags {
  readonly repair?: boolean;
}

interface Verified {
  readonly contents: PartContents;
  readonly parts: Readonly<Record<PartName, VerifiedBucket>>;
}

/** @returns the exit status: 1 if anything is bad @throws {FlowError} as `withBucket` */
export function remoteVerifyCommand(flags: RemoteVerifyFlags): Promise<number> {
  const { json = false, repair: isRepaired = false } = flags;
  return withBucket(flags, async (bucket) => {
    const verified = await verify(bucket);
    const bad = partNames.flatMap((part) => verified.parts[part].bad.map((one) => ({ part, ...one })));
    if (isRepaired) {
      for (const { part, object } of bad) await bucket.parts[part].delete(object.key);
      if (bad.length > 0) forgetSent(bucket);
    }
    process.stdout.write(
      json
        ? jsonLine(documentOf(verified, bad, { url: bucket.url, is_repaired: isRepaired }))
        : printable(`${textOf(verified, bad, isRepaired).join('\n')}\n`),
    );
    return bad.length > 0 ? 1 : 0;
  });
}

async function verify({ parts, workspace }: OpenedBucket): Promise<Verified> {
  const { trust } = openTrust(workspace, { env: process.env, warn: warnAside });
  const contents = { trusted: await listContents(parts.trusted), scratch: await listContents(parts.scratch) };
  const { count, bytes } = totalOf(contents);
  using progress = byteProgress({ name: counted(count, 'object'), totalBytes: bytes });
  const verifyPart = (part: PartName): Promise<VerifiedBucket> =>
    verifyBucket({
      objects: parts[part],
      contents: contents[part],
      trust,
      onVerified: ({ sizeBytes }) => progress.advance(sizeBytes),
    });
  return {
    contents,
    parts: { trusted: await verifyPart('trusted'), scratch: await verifyPart('scratch') },
  };
}

type PlacedBad = BadObject & { readonly part: PartName };

function textOf({ contents, parts }: Verified, bad: readonly PlacedBad[], isRepaired: boolean): string[] {
  const { count, bytes } = totalOf(contents);
  const { untrusted, incomplete } = parts.trusted; // Of scratch nobody expects either.
  const read = `Read ${counted(count, 'object')}, ${sizeText(bytes)}`;
  return [
    bad.length === 0 ? `${read}: all are sound.` : `${read}. Bad:`,
    ...firstLines(bad.map(badLine)).map((line) => `  ${line}`),
    ...(bad.length > 0
      ? [
          isRepaired
            ? 'They were removed; what is missing now is made again when it is wanted.'
            : '--repair removes them.',
        ]
      : []),
    ...(untrusted > 0
      ? [`${counted(untrusted, 'result')} of writers whom this workspace does not trust.`]
      : []),
    ...(incomplete > 0
      ? [`${counted(incomplete, 'result')} without all bytes: those are made again when they are wanted.`]
      : []),
  ];
}

function badLine({ object, reason, part }: PlacedBad): string {
  return `${part === 'scratch' ? scratchPart : ''}${object.key}  ${reason}`;
}

function documentOf(
  { contents, parts }: Verified,
  bad: readonly PlacedBad[],
  facts: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const partOf = (part: PartName): Record<string, unknown> => {
    const { untrusted, incomplete } = parts[part];
    return { ...contentsDocument(contents[part]), untrusted, incomplete };
  };
  return {
    ...facts,
    trusted: partOf('trusted'),
    scratch: partOf('scratch'),
    bad: bad.map(({ part, kind, object, reason }) => ({ part, kind, object: object.key, reason })),
  };
}
