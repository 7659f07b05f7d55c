/** Profiles: which components are on, with what params, how often they sample, and how failures are met. */
import { z } from 'zod';
import { engineNames, profileDevices } from './assigned-model.ts';
import { byteSize } from './byte-size.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import { precisions } from './model-entry.ts';
import type { SamplingBudget } from './sampling.ts';

const samplingSchema = z.strictObject({
  fps: z.union([z.number().positive().max(1000), z.literal('keyframes')]).optional(),
  max_frames: z.number().int().positive().optional(),
  width: z.number().int().min(2).max(8192).optional(),
  height: z.number().int().min(2).max(8192).optional(),
});

const componentSchema = z.strictObject({
  enabled: z.boolean().optional(),
  required: z.boolean().optional(),
  sampling: samplingSchema.optional(),
  params: z.record(z.string(), z.unknown()).optional(),
});

const resourceSchema = z.strictObject({
  memory_per_task: byteSize.optional(),
  gpu_memory_per_task: byteSize.optional(),
  cpu_cores_per_task: z.number().nonnegative().max(1024).optional(),
});

const assignment = {
  model: z.string(),
  version: z.string(),
  engine: z.enum(engineNames),
  /** What the model's weights are, for those who read manifests; where it is left out, what its entry says. */
  precision: z.enum(precisions),
  device: z.enum(profileDevices),
};

/** As it stands in one document: the rest is inherited from the row of the same slot. */
const modelRowSchema = z.strictObject(assignment).partial();

const modelSchema = z.strictObject({
  ...assignment,
  engine: assignment.engine.default('onnx'),
  precision: assignment.precision.optional(),
  device: assignment.device.default('auto'),
});

/** Which model goes into a slot, and what runs it where. */
export type ProfileModel = z.output<typeof modelSchema>;

const profileSchema = z.strictObject({
  schema_version: z.literal(1),
  name: z.string().min(1),
  extends: z.string().optional(),
  analysis: z
    .strictObject({
      fps: z.number().positive().max(1000).optional(),
      width: z.number().int().min(2).max(8192).optional(),
      height: z.number().int().min(2).max(8192).optional(),
    })
    .optional(),
  sampling_policy_version: z.string().optional(),
  components: z.record(z.string(), componentSchema).default({}),
  models: z.record(z.string(), modelRowSchema).default({}),
  resources: z.record(z.string(), resourceSchema).default({}),
  failure: z
    .strictObject({
      grace_sec: z.number().nonnegative().optional(),
      retries: z.number().int().min(0).max(10).optional(),
    })
    .optional(),
});

type ProfileLayer = z.output<typeof profileSchema>;

export interface ProfileDocument {
  readonly file: string;
  readonly value: unknown;
}

/** A profile with its ancestors merged in. */
export interface Profile {
  readonly name: string;
  readonly analysis: { readonly fps: number; readonly width: number; readonly height: number };
  readonly samplingPolicyVersion: string;
  readonly components: Readonly<Record<string, ProfileComponent>>;
  readonly models: Readonly<Record<string, ProfileModel>>;
  readonly resources: Readonly<Record<string, ProfileResources>>;
  readonly failure: { readonly graceSec: number; readonly retries: number };
  /** What it was made from, the eldest first: for messages. */
  readonly documents: readonly ProfileDocument[];
}

export interface ProfileResources {
  readonly cores?: number;
  readonly memoryMiB?: number;
  /** Most that a batch of its models may take on their device. */
  readonly gpuMemoryMiB?: number;
}

export interface ProfileComponent {
  readonly isEnabled: boolean;
  /** Undefined where the graph decides. */
  readonly isRequired: boolean | undefined;
  readonly sampling: {
    readonly fps?: number | 'keyframes';
    readonly maxFrames?: number;
    readonly width?: number;
    readonly height?: number;
  };
  readonly params: Readonly<Record<string, unknown>>;
}

const defaultAnalysis = { fps: 4, width: 320, height: 180 };
const defaultMaxFrames = 100_000;

/** What a profile extends, before it is checked as a whole: to know which document to read next. */
export function extendsOf(value: unknown): string | undefined {
  const parent = (value as { extends?: unknown } | null)?.extends;
  return typeof parent === 'string' ? parent : undefined;
}

/** The youngest document of a profile in which something is written at a path. */
export function fileSaying({ documents }: Profile, path: IssuePath): string | undefined {
  return documents.findLast(({ value }) => isWritten(value, path))?.file;
}

function isWritten(value: unknown, [step, ...rest]: IssuePath): boolean {
  if (step === undefined) return value !== undefined;
  return isPlainObject(value) && Object.hasOwn(value, step) && isWritten(value[step], rest);
}

/** Merges a chain of documents, the eldest first; or says all that is wrong with them. */
export function parseProfile(chain: readonly ProfileDocument[]): { profile: Profile } | { issues: Issue[] } {
  const layers: { file: string; layer: ProfileLayer }[] = [];
  const issues: Issue[] = [];
  for (const { file, value } of chain) {
    const checked = checkDocument(file, profileSchema, value);
    if ('issues' in checked) issues.push(...checked.issues);
    else layers.push({ file, layer: checked.value });
  }
  if (issues.length > 0) return { issues };
  const models = mergeModels(layers);
  if ('issues' in models) return models;
  const merged = layers.map(({ layer }) => layer as unknown).reduce(mergeDeep) as ProfileLayer;
  return { profile: toProfile(merged, models.value, chain) };
}

/** A row that names another model says nothing of what the elder ones say of theirs; one that names none changes theirs. */
function mergeModels(
  layers: readonly { readonly file: string; readonly layer: ProfileLayer }[],
): { value: Profile['models'] } | { issues: Issue[] } {
  const rows = new Map<string, { file: string; row: z.output<typeof modelRowSchema> }>();
  for (const { file, layer } of layers)
    for (const [slot, row] of Object.entries(layer.models)) {
      const inherited = row.model === undefined ? rows.get(slot)?.row : undefined;
      rows.set(slot, { file, row: { ...inherited, ...row } });
    }
  const models: Record<string, ProfileModel> = {};
  const issues: Issue[] = [];
  for (const [slot, { file, row }] of rows) {
    const checked = checkDocument(file, modelSchema, row, ['models', slot]);
    if ('issues' in checked) issues.push(...checked.issues);
    else models[slot] = checked.value;
  }
  return issues.length > 0 ? { issues } : { value: models };
}

function toProfile(
  layer: ProfileLayer,
  models: Profile['models'],
  documents: readonly ProfileDocument[],
): Profile {
  const { fps, width, height } = layer.analysis ?? {};
  return {
    name: layer.name,
    analysis: {
      fps: fps ?? defaultAnalysis.fps,
      width: width ?? defaultAnalysis.width,
      height: height ?? defaultAnalysis.height,
    },
    samplingPolicyVersion: layer.sampling_policy_version ?? '1',
    components: mapValues(layer.components, toComponent),
    models,
    resources: mapValues(layer.resources, (row) => ({
      ...(row.cpu_cores_per_task !== undefined && { cores: row.cpu_cores_per_task }),
      ...(row.memory_per_task !== undefined && { memoryMiB: row.memory_per_task / 2 ** 20 }),
      ...(row.gpu_memory_per_task !== undefined && { gpuMemoryMiB: row.gpu_memory_per_task / 2 ** 20 }),
    })),
    failure: { graceSec: layer.failure?.grace_sec ?? 30, retries: layer.failure?.retries ?? 2 },
    documents,
  };
}

function toComponent(row: z.output<typeof componentSchema>): ProfileComponent {
  const { fps, max_frames, width, height } = row.sampling ?? {};
  return {
    isEnabled: row.enabled ?? true,
    isRequired: row.required,
    sampling: {
      ...(fps !== undefined && { fps }),
      ...(max_frames !== undefined && { maxFrames: max_frames }),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
    },
    params: row.params ?? {},
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The child's values over the parent's: objects are merged key by key, everything else is replaced. */
function mergeDeep(parent: unknown, child: unknown): unknown {
  if (child === undefined) return parent;
  if (!isPlainObject(parent) || !isPlainObject(child)) return child;
  const merged: Record<string, unknown> = { ...parent };
  for (const [key, value] of Object.entries(child)) merged[key] = mergeDeep(parent[key], value);
  return merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The frame budget of a component: its own entry over the profile's `analysis`. */
export function budgetOf(profile: Profile, component: string): SamplingBudget {
  const own = profile.components[component]?.sampling ?? {};
  return { ...profile.analysis, maxFrames: defaultMaxFrames, ...own };
}

/** Components are on unless the profile says otherwise. */
export function isEnabled(profile: Profile, component: string): boolean {
  return profile.components[component]?.isEnabled ?? true;
}
