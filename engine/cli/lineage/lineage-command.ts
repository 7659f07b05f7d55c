/** `flow lineage`: what an artifact was made from, and what was made from it. */
import { existsSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import { SqliteActionCache } from '../../../cache/sqlite-action-cache.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { Lineage } from '../../core/lineage.ts';
import type { OutputRecord } from '../../core/store.ts';
import { RealDisk } from '../../io/disk.ts';
import { hashFile } from '../../io/hash-file.ts';
import { counted, sizeText } from '../duration-text.ts';
import { listRuns } from '../runs/list-runs.ts';
import { type Screen, standardScreen, styled } from '../screen.ts';
import { shown } from '../shown-path.ts';
import { warnAside } from '../warn-aside.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';
import { downstreamTree, type TreeNode, upstreamTree } from './lineage-tree.ts';
import { type RunEvent, runEvent } from './open-lineage.ts';

export interface LineageFlags {
  readonly results?: string;
  readonly cacheDir?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly openlineage?: boolean;
}

/** @throws {FlowError} `config_invalid` if the cache does not know it, or several artifacts have this name */
export async function lineageCommand(word: string, flags: LineageFlags): Promise<void> {
  const workspace = findWorkspace(flags);
  const lineage = readLineage(workspace);
  const artifact = await artifactOf(word, lineage, workspace);
  if (flags.openlineage) return print(JSON.stringify(eventsAround(artifact, lineage)));
  const options = { isWhole: flags.all ?? false };
  const [upstream, downstream] = [
    upstreamTree(lineage, artifact, options),
    downstreamTree(lineage, artifact, options),
  ];
  if (flags.json)
    return print(
      JSON.stringify({ artifact, upstream: upstream.map(document), downstream: downstream.map(document) }),
    );
  const drawing = { screen: standardScreen(), names: await sourceNames(workspace), ...options };
  print(
    [
      headLine(artifact, lineage, drawing),
      ...section('made from', upstream, drawing),
      ...section('of which was made', downstream, drawing),
    ].join('\n'),
  );
}

function eventsAround(artifact: string, lineage: Lineage): RunEvent[] {
  const contentOf = (name: string): string => lineage.outputsNamed(name)[0]?.content ?? name;
  return lineage.stepsAround(artifact).map((step) => runEvent(step, contentOf));
}

function headLine(artifact: string, lineage: Lineage, { screen, names }: Drawing): string {
  const [output] = lineage.outputsNamed(artifact);
  const notes = [
    names.get(artifact),
    output?.sizeBytes !== undefined && sizeText(output.sizeBytes),
    output?.isEphemeral && 'not kept',
    !output && 'a source: no action has made it',
  ];
  return [
    styled(screen, 'bold', artifact),
    notes
      .filter(Boolean)
      .map((note) => printable(String(note)))
      .join(', '),
  ]
    .filter(Boolean)
    .join('\n');
}

function section(title: string, nodes: readonly TreeNode[], drawing: Drawing): string[] {
  return nodes.length === 0 ? [] : ['', title, ...branchLines(nodes, drawing)];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readLineage({ cacheFolder }: Workspace): Lineage {
  const path = join(cacheFolder, 'actions.db');
  if (!existsSync(path)) throw unknown('there are no results of actions', cacheFolder);
  const actions = new SqliteActionCache(path, warnAside);
  const blobs = new LocalBlobStore(new RealDisk(), cacheFolder);
  try {
    return new Lineage(actions.entries(), (table) => segmentsIn(table, blobs));
  } finally {
    actions.close();
  }
}

function segmentsIn({ inline, digest }: OutputRecord, blobs: LocalBlobStore): string[] {
  try {
    const bytes = inline === undefined ? readFileSync(blobs.pathOf(digest)) : Buffer.from(inline, 'base64');
    const segments: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(segments)
      ? segments.map((segment: { digest?: unknown }) => String(segment.digest))
      : [];
  } catch {
    return []; // Evicted: its segments are then shown without the video that they are from.
  }
}

async function artifactOf(word: string, lineage: Lineage, { cacheFolder }: Workspace): Promise<string> {
  const stats = statOf(word);
  if (stats?.isFile()) {
    const digest = await hashFile(word, stats.size);
    if (lineage.has(digest)) return digest;
    throw unknown(`no action has made or read what "${shown(word)}" holds (${digest})`, cacheFolder);
  }
  const [first, ...others] = lineage.beginningWith(word.startsWith('b3:') ? word : `b3:${word}`);
  if (others.length > 0 && first !== word) throw severalBegin(word, [first!, ...others]);
  if (first !== undefined) return first;
  const isDigest = /^(b3:)?[0-9a-f]+$/.test(word);
  throw unknown(
    isDigest ? `no action has made or read "${word}"` : `"${word}" is neither a file nor a digest`,
    cacheFolder,
  );
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A name that cannot be a path.
  }
}

function unknown(why: string, cacheFolder: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(cacheFolder),
    message: `Cannot tell the lineage: in this cache ${why}.`,
    fix: 'Name the cache that it was built with (--cache-dir); if it was evicted, build its run again. Digests: `flow show RUN --all`.',
  });
}

function severalBegin(word: string, names: readonly string[]): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot tell the lineage of "${word}": ${counted(names.length, 'artifact')} begin so.`,
    fix: `Write more of it, as ${names[0]!.slice(0, 15)}.`,
  });
}

/** The names of videos, by their digests, as far as runs tell them. */
async function sourceNames(workspace: Workspace): Promise<Map<string, string>> {
  const runs = await listRuns(workspace);
  return new Map(runs.flatMap((one) => ('run' in one ? [[one.run.source.digest, one.run.source.name]] : [])));
}

interface TreeDocument {
  readonly name: string;
  readonly artifacts: readonly string[];
  readonly actions: readonly { readonly key: string; readonly rule: string | null; readonly phase: string }[];
  readonly branches: readonly TreeDocument[];
}

function document({ label, artifacts, steps, branches }: TreeNode): TreeDocument {
  const actions = steps.map(({ key, rule = null, phase }) => ({ key, rule, phase }));
  return { name: label, artifacts, actions, branches: branches.map(document) };
}

interface Drawing {
  readonly screen: Screen;
  readonly names: ReadonlyMap<string, string>;
  readonly isWhole: boolean;
}

function branchLines(nodes: readonly TreeNode[], drawing: Drawing, indent = ''): string[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    const rest = branchLines(node.branches, drawing, `${indent}${isLast ? '   ' : '│  '}`);
    return [`${indent}${isLast ? '└─ ' : '├─ '}${nodeText(node, drawing)}`, ...rest];
  });
}

function nodeText(
  { label, artifacts, steps, isRepeated }: TreeNode,
  { screen, names, isWhole }: Drawing,
): string {
  const [first = '', ...others] = artifacts;
  const [step] = steps;
  const isSegments = step?.phase === 'segment' && others.length > 0;
  const name = `${names.get(first) ?? label}${step?.phase === 'merge' ? ' merged' : ''}`;
  const digest = others.length === 0 ? shortened(first, isWhole) : '';
  const notes = [digest, isRepeated ? '(as above)' : ''].filter(Boolean).join('  ');
  return [
    isSegments ? '' : printable(name),
    countText({ artifacts, steps }),
    notes && styled(screen, 'dim', notes),
  ]
    .filter(Boolean)
    .join('  ');
}

function countText({ artifacts, steps }: Pick<TreeNode, 'artifacts' | 'steps'>): string {
  if (steps.length === 0) return artifacts.length > 1 ? `${artifacts.length} of them` : '';
  if (steps.length === 1) return '';
  return counted(steps.length, steps[0]!.phase === 'segment' ? 'segment' : 'action');
}

function shortened(digest: string, isWhole: boolean): string {
  return isWhole ? digest : digest.slice(0, 'b3:'.length + 12);
}
