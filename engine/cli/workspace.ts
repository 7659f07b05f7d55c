/** A workspace: where its files are, and what its `flow.yaml` says. */
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { FlowError } from '../core/errors.ts';
import { checkDocument } from '../core/issue.ts';
import { stateFolderOf, workspaceRoot } from './workspace-root.ts';
import { readYaml, toErrors } from './yaml-document.ts';

const settingsSchema = z.strictObject({
  schema_version: z.literal(1),
  /** Folder of the runs' results. */
  results: z.string().default('result_store'),
  /** Folder of the workspace targets' outputs. */
  out: z.string().default('out'),
  profile: z.string().default('default'),
  stage: z.string().default('baseline'),
  cache_dir: z.string().optional(),
  jobs: z.number().int().min(1).max(1024).optional(),
});

export interface Workspace {
  readonly root: string;
  /** Its `flow.yaml`, if there is one. */
  readonly settingsFile: string | undefined;
  readonly stateFolder: string;
  readonly resultsFolder: string;
  readonly outFolder: string;
  readonly cacheFolder: string;
  readonly profile: string;
  readonly stage: string;
  readonly jobs: number | undefined;
}

export interface WorkspaceFlags {
  readonly results?: string | undefined;
  readonly cacheDir?: string | undefined;
}

/** Flags beat the environment, the environment beats `flow.yaml`. @throws {FlowError[]} as an AggregateError */
export function openWorkspace(flags: WorkspaceFlags): Workspace {
  const root = workspaceRoot();
  const file = join(root, 'flow.yaml');
  const settings = existsSync(file) ? readSettings(file) : settingsSchema.parse({ schema_version: 1 });
  const cacheDir =
    flags.cacheDir ?? process.env.FLOW_CACHE_DIR ?? (settings.cache_dir && resolve(root, settings.cache_dir));
  const workspace: Workspace = {
    root,
    settingsFile: existsSync(file) ? file : undefined,
    stateFolder: stateFolderOf(root),
    resultsFolder: flags.results ? resolve(flags.results) : resolve(root, settings.results),
    outFolder: resolve(root, settings.out),
    cacheFolder: cacheDir
      ? resolve(cacheDir)
      : join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'flow'),
    profile: settings.profile,
    stage: settings.stage,
    jobs: settings.jobs,
  };
  for (const folder of [workspace.stateFolder, workspace.cacheFolder]) makeFolder(folder);
  return workspace;
}

function readSettings(file: string): z.output<typeof settingsSchema> {
  const checked = checkDocument(file, settingsSchema, readYaml(file, 'config_invalid'));
  if ('value' in checked) return checked.value;
  throw new AggregateError(toErrors(checked.issues, 'config_invalid'));
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: folder,
      message: `Cannot make this folder: ${(cause as NodeJS.ErrnoException).code}.`,
      fix: 'Make the place writable, or name another one: --cache-dir or FLOW_CACHE_DIR for the cache.',
      cause,
    });
  }
}
