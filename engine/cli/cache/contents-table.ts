/** What lies in a bucket, as a person reads it and as data. */
import {
  type BucketContents,
  type ObjectKind,
  type ObjectSum,
  objectKinds,
  sumOfObjects,
} from '../../../cache/remote/bucket-contents.ts';
import { sizeText } from '../duration-text.ts';
import { textTable } from '../text-table.ts';
import { type PartName, partNames } from './open-bucket.ts';

export type PartContents = Readonly<Record<PartName, BucketContents>>;

/** Scratch is told only where there is something in it. */
export function contentsTable(parts: PartContents): string[] {
  const rows = partNames.flatMap((part) => {
    const own = objectKinds.map((kind) => ({ kind, part, ...sumOfObjects(parts[part][kind]) }));
    return part === 'trusted' || own.some(({ count }) => count > 0) ? own : [];
  });
  const all = totalOf(parts);
  const name = ({ part, kind }: { part: PartName; kind: ObjectKind }): string =>
    part === 'trusted' ? kind : `${part}: ${kind}`;
  return textTable([
    { title: 'WHAT', cells: [...rows.map(name), 'in all'] },
    { title: 'COUNT', cells: [...rows, all].map(({ count }) => String(count)), isRight: true },
    { title: 'SIZE', cells: [...rows, all].map(({ bytes }) => sizeText(bytes)), isRight: true },
  ]);
}

export function totalOf(parts: PartContents): ObjectSum {
  return sumOfObjects(partNames.flatMap((part) => objectKinds.flatMap((kind) => parts[part][kind])));
}

export function contentsDocument(contents: BucketContents): Readonly<Record<ObjectKind, ObjectSum>> {
  const { runs, results, blobs, leases } = contents;
  return {
    runs: sumOfObjects(runs),
    results: sumOfObjects(results),
    blobs: sumOfObjects(blobs),
    leases: sumOfObjects(leases),
  };
}
