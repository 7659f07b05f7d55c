/** Reads the graph of a workspace: the built-in one and the workspace's own `graphs/*.yaml`, as one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { FlowError } from '../core/errors.ts';
import { type Graph, type GraphDocument, parseGraph } from '../core/graph.ts';
import { sealText, unsealText } from '../io/checked-text.ts';
import { type Disk, writeAtomically } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { packageRoot } from './package-root.ts';
import type { Workspace } from './workspace.ts';
import { readYaml, toErrors } from './yaml-document.ts';

export interface LoadedGraph {
  readonly graph: Graph;
  readonly files: readonly string[];
  /** Folders in which a new file would change the graph. */
  readonly folders: readonly string[];
}

/** A parsed graph, kept as long as none of its files has other content. */
interface Memo {
  readonly version: number;
  readonly files: readonly (readonly [string, Digest])[];
  readonly graph: Graph;
}

/** Bumped when the parsed form changes. */
const memoVersion = 2;

/** @throws {AggregateError} of `FlowError`s with their places */
export async function loadGraph(workspace: Workspace, index: FileIndex, disk: Disk): Promise<LoadedGraph> {
  const folders = [...new Set([join(packageRoot, 'graphs'), join(workspace.root, 'graphs')])];
  const files = folders.filter(existsSync).flatMap(graphsIn);
  const digests: [string, Digest][] = [];
  for (const file of files) digests.push([file, await index.digestOf(file).catch(refuse)]);
  const memoPath = join(workspace.stateFolder, 'graph.json');
  const graph = recall(memoPath, digests) ?? (await parseAndKeep(memoPath, digests, { index, disk }));
  return { graph, files, folders };
}

/** A folder that cannot be read is no folder without graphs: a glob would pass it over. */
function graphsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** A graph that cannot be read is no graph. */
function refuse(error: FlowError): never {
  const { blame, message, fix, cause } = error;
  throw new FlowError({ code: 'graph_invalid', blame, message, fix, cause });
}

function recall(path: string, digests: Memo['files']): Graph | undefined {
  try {
    const memo = JSON.parse(unsealText(readFileSync(path, 'utf8')) ?? '') as Memo; // What `parseAndKeep` wrote.
    const isCurrent = memo.version === memoVersion && JSON.stringify(memo.files) === JSON.stringify(digests);
    return isCurrent ? memo.graph : undefined;
  } catch {
    return undefined; // Not there, or not whole: parsing gives the same graph.
  }
}

async function parseAndKeep(
  memoPath: string,
  digests: Memo['files'],
  { index, disk }: { index: FileIndex; disk: Disk },
): Promise<Graph> {
  const documents = readAll(digests.map(([file]) => file));
  const parsed = parseGraph(documents);
  if ('issues' in parsed) throw new AggregateError(toErrors(parsed.issues, 'graph_invalid'));
  const memo: Memo = { version: memoVersion, files: digests, graph: parsed.graph };
  // A file that changed between its hashing and its parsing would be remembered under the wrong digest.
  for (const [file, digest] of digests) if ((await index.digestOf(file)) !== digest) return parsed.graph;
  await writeAtomically(disk, memoPath, sealText(JSON.stringify(memo)));
  return parsed.graph;
}

/** @throws {AggregateError} of what is wrong with all of the files */
function readAll(files: readonly string[]): GraphDocument[] {
  const errors: unknown[] = [];
  const documents: GraphDocument[] = [];
  for (const file of files) {
    try {
      documents.push({ file, value: readYaml(file, 'graph_invalid') });
    } catch (thrown) {
      errors.push(...(thrown instanceof AggregateError ? thrown.errors : [thrown]));
    }
  }
  if (errors.length > 0) throw new AggregateError(errors);
  return documents;
}
