/** `flow cache ls --remote`: the runs in a bucket. */

import type { OpenedEntry } from '../../../cache/remote/entry.ts';
import { digestOfObject, runsBeginning } from '../../../cache/remote/layout.ts';
import type { ListedObject, ObjectStore } from '../../../cache/remote/object-store.ts';
import { readRunIndex, soundEntries } from '../../../cache/remote/read-run-index.ts';
import { anybody } from '../../../cache/remote/trust.ts';
import type { Digest } from '../../core/digest.ts';
import { eachOf } from '../../core/each-of.ts';
import { printable } from '../../core/errors.ts';
import { digestText } from '../digest-text.ts';
import { sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { ageText } from '../runs/age-text.ts';
import { textTable } from '../text-table.ts';
import { timeOf } from './entry-table.ts';
import { type BucketFlags, type PartName, partNames, withBucket } from './open-bucket.ts';

interface ListedRun {
  /** The digest of what the run is about: its video, its configuration and its components. */
  readonly run: string;
  readonly part: PartName;
  readonly sent_at: string;
  readonly results: number;
  readonly components: readonly string[];
  /** Of the lasting outputs, before compression. */
  readonly bytes: number;
}

const atOnce = 8;

/** The most recently sent first. @throws {FlowError} as `withBucket` */
export function remoteLsCommand(flags: BucketFlags): Promise<void> {
  return withBucket(flags, async ({ url, parts }) => {
    const runs: ListedRun[] = [];
    for (const part of partNames) {
      const objects = await Array.fromAsync(parts[part].list(runsBeginning));
      await eachOf(objects, atOnce, async (object) => {
        const run = await runOf(object, parts[part], part);
        if (run) runs.push(run);
      });
    }
    runs.sort((a, b) => (a.sent_at < b.sent_at ? 1 : -1));
    process.stdout.write(flags.json ? jsonLine(runs) : printable(`${textOf(runs, url).join('\n')}\n`));
  });
}

/** Undefined for one that nobody can read, or that is gone meanwhile. */
async function runOf(
  { key, modifiedAtMs }: ListedObject,
  objects: ObjectStore,
  part: PartName,
): Promise<ListedRun | undefined> {
  const run = digestOfObject(key);
  const read = run && (await readRunIndex(objects, run));
  if (!read || 'refusal' in read) return undefined;
  return { run, part, sent_at: timeOf(modifiedAtMs), ...sumOfEntries(soundEntries(read, anybody)) };
}

function sumOfEntries(entries: Iterable<OpenedEntry>): Pick<ListedRun, 'results' | 'components' | 'bytes'> {
  const components = new Set<string>();
  const lasting = new Map<Digest, number>();
  let results = 0;
  for (const { result, ingredients } of entries) {
    results += 1;
    components.add(String(ingredients.component));
    for (const { digest, sizeBytes, isEphemeral } of Object.values(result.outputs))
      if (!isEphemeral) lasting.set(digest, sizeBytes);
  }
  const bytes = [...lasting.values()].reduce((sum, size) => sum + size, 0);
  return { results, components: [...components].sort(), bytes };
}

function textOf(runs: readonly ListedRun[], url: string): string[] {
  if (runs.length === 0)
    return [`There are no runs in ${url}; \`flow cache stats --remote\` tells what else there is.`];
  const cells = (cell: (run: ListedRun) => string): string[] => runs.map(cell);
  const hasScratch = runs.some(({ part }) => part === 'scratch');
  return textTable([
    { title: 'RUN', cells: cells(({ run }) => digestText(run)) },
    ...(hasScratch ? [{ title: 'PART', cells: cells(({ part }) => part) }] : []),
    { title: 'RESULTS', cells: cells(({ results }) => String(results)), isRight: true },
    { title: 'SIZE', cells: cells(({ bytes }) => sizeText(bytes)), isRight: true },
    { title: 'SENT', cells: cells(({ sent_at }) => ageText(sent_at, Date.now())) },
    { title: 'COMPONENTS', cells: cells(({ components }) => namesText(components)) },
  ]);
}

/** How much of a line the names of components may take. */
const widestNames = 24;

/** 'decode, render', or 'audio_decode and 9 more': --json has them all. */
function namesText(names: readonly string[]): string {
  const text = names.join(', ');
  return text.length <= widestNames ? text : `${names[0]!} and ${names.length - 1} more`;
}
