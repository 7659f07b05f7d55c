/** A workspace: where its files are, and what its `flow.yaml` says. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type CacheSettings, cacheSettings } from '../../cache/cache-limits.ts';
import { FlowError, fileReason } from '../core/errors.ts';
import { checkDocument } from '../core/issue.ts';
import { type TrustedKey, trustedKeysSchema } from './keys/trusted-keys.ts';
import { type RunStorages, runStorages } from './storage/run-storages.ts';
import { stateFolderOf, workspaceRoot } from './workspace-root.ts';
import { readYaml, toErrors } from './yaml-document.ts';

const settingsSchema = z.strictObject({
  schema_version: z.literal(1),
  /** Folder of the runs' results, or `s3://bucket/prefix`. */
  results: z.string().min(1).default('result_store'),
  /** Folder of the runs' states, or `s3://bucket/prefix`. */
  state: z.string().min(1).default('state'),
  /** Folder of the workspace targets' outputs. */
  out: z.string().min(1).default('out'),
  profile: z.string().default('default'),
  stage: z.string().default('baseline'),
  cache_dir: z.string().min(1).optional(),
  /** The cache that machines share: `s3://bucket/prefix`. */
  remote: z.string().min(1).optional(),
  /** How large the local cache may become. */
  cache: cacheSettings,
  jobs: z.number().int().min(1).max(1024).optional(),
  trusted_keys: trustedKeysSchema.optional(),
});

export interface Workspace extends RunStorages {
  readonly root: string;
  /** Its `flow.yaml`, if there is one. */
  readonly settingsFile: string | undefined;
  /** What flow keeps for itself: `.flow`. */
  readonly stateFolder: string;
  readonly outFolder: string;
  readonly cacheFolder: string;
  /** The remote cache that `flow.yaml` names. */
  readonly remote: string | undefined;
  readonly cacheSettings: CacheSettings;
  readonly profile: string;
  readonly stage: string;
  readonly jobs: number | undefined;
  /** Whose results are taken from a remote cache; undefined: those of all who may write there. */
  readonly trustedKeys: readonly TrustedKey[] | undefined;
}

export interface WorkspaceFlags {
  readonly results?: string | undefined;
  readonly state?: string | undefined;
  readonly cacheDir?: string | undefined;
}

/**
 * The workspace for a command that only reads; nothing is made. Flags beat the environment, the environment beats
 * `flow.yaml`.
 *
 * @throws {AggregateError} of `FlowError`s
 */
export function findWorkspace(flags: WorkspaceFlags): Workspace {
  const root = workspaceRoot();
  const file = join(root, 'flow.yaml');
  const settings = existsSync(file) ? readSettings(file) : settingsSchema.parse({ schema_version: 1 });
  const cacheDir =
    flags.cacheDir ||
    process.env.FLOW_CACHE_DIR || // Set to nothing is as good as not set.
    (settings.cache_dir && resolve(root, settings.cache_dir));
  return {
    root,
    settingsFile: existsSync(file) ? file : undefined,
    stateFolder: stateFolderOf(root),
    ...runStorages({ flags, settings, root }),
    outFolder: resolve(root, settings.out),
    cacheFolder: cacheDir
      ? resolve(cacheDir)
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'flow'),
    cacheSettings: settings.cache,
    remote: settings.remote,
    profile: settings.profile,
    stage: settings.stage,
    jobs: settings.jobs,
    trustedKeys: settings.trusted_keys,
  };
}

/** The workspace for a command that builds: its folders are made. @throws {FlowError} or an AggregateError of them */
export function openWorkspace(flags: WorkspaceFlags): Workspace {
  const workspace = findWorkspace(flags);
  makeFolder(workspace.stateFolder, 'Make this place writable, or build in another folder.');
  makeFolder(
    workspace.cacheFolder,
    'Make this place writable, or name another one with --cache-dir or FLOW_CACHE_DIR.',
  );
  return workspace;
}

function readSettings(file: string): z.output<typeof settingsSchema> {
  const checked = checkDocument(file, settingsSchema, readYaml(file, 'config_invalid'));
  if ('value' in checked) return checked.value;
  throw new AggregateError(toErrors(checked.issues, 'config_invalid'));
}

/** Makes a folder that can be written to. @throws {FlowError} `config_invalid` */
export function makeFolder(folder: string, fix: string): void {
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: folder,
      message: `Cannot write to this folder: ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix,
      cause,
    });
  }
}

/** Node's own recursion does not end where a folder that exists lets nothing be made in it, as `/proc`. */
function makeFolders(folder: string): void {
  if (!existsSync(folder)) makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
