/** `flow cache stats --remote`: how much a bucket holds. */
import { listContents } from '../../../cache/remote/bucket-contents.ts';
import { printable } from '../../core/errors.ts';
import { jsonLine } from '../json-line.ts';
import { contentsDocument, contentsTable, type PartContents } from './contents-table.ts';
import { type BucketFlags, withBucket } from './open-bucket.ts';

/** @throws {FlowError} as `withBucket` */
export function remoteStatsCommand(flags: BucketFlags): Promise<void> {
  return withBucket(flags, async ({ url, parts }) => {
    const contents: PartContents = {
      trusted: await listContents(parts.trusted),
      scratch: await listContents(parts.scratch),
    };
    const { trusted, scratch } = contents;
    const document = { url, trusted: contentsDocument(trusted), scratch: contentsDocument(scratch) };
    const lines = [url, ...contentsTable(contents).map((line) => `  ${line}`)];
    process.stdout.write(flags.json ? jsonLine(document) : printable(`${lines.join('\n')}\n`));
  });
}
