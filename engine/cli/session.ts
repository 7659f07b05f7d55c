/** What a command needs that reads the graph: the workspace with its graph, profile and rules. */
import { join } from 'node:path';
import type { Graph } from '../core/graph.ts';
import type { Profile } from '../core/profile.ts';
import { type Disk, RealDisk } from '../io/disk.ts';
import { FileIndex } from '../io/file-index.ts';
import { loadGraph } from './load-graph.ts';
import { loadProfile } from './load-profile.ts';
import { type ModelFiles, SessionModels } from './models/session-models.ts';
import { RuleRegistry } from './rule-registry.ts';
import { warnAside } from './warn-aside.ts';
import type { Workspace } from './workspace.ts';

export interface Session {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  /** Where what was parsed and bundled is remembered. */
  readonly disk: Disk;
  readonly graph: Graph;
  readonly profile: Profile;
  readonly registry: RuleRegistry;
  readonly models: SessionModels;
  /** The files that graph and profile were read from. */
  readonly files: readonly string[];
  /** Folders in which a new file would change the graph or the profile. */
  readonly folders: readonly string[];
}

/** Digests of files are remembered with their states. The index has to be closed. */
export function openIndex(workspace: Workspace): FileIndex & Disposable {
  const index = new FileIndex(join(workspace.stateFolder, 'files.db'), warnAside);
  return Object.assign(index, { [Symbol.dispose]: () => index.close() });
}

export interface SessionOptions {
  readonly disk?: Disk;
  /** Absent for commands that only look. */
  readonly modelFiles?: ModelFiles;
}

/** @throws {FlowError} or an AggregateError of them: `graph_invalid`, `config_invalid` */
export async function openSession(
  workspace: Workspace,
  index: FileIndex,
  profileName: string | undefined,
  { disk = new RealDisk(), modelFiles }: SessionOptions = {},
): Promise<Session> {
  const graph = await loadGraph(workspace, index, disk);
  const profile = loadProfile(profileName, workspace);
  return {
    workspace,
    index,
    disk,
    graph: graph.graph,
    profile: profile.profile,
    registry: new RuleRegistry(workspace, index, disk),
    models: new SessionModels({ workspace, profile: profile.profile, modelFiles }),
    files: [...graph.files, ...profile.files],
    folders: [...graph.folders, join(workspace.root, 'profiles')],
  };
}
