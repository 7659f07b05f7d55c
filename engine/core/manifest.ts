/** manifest.json: what a run did, and where its results are. The source of truth of a run. */
import { z } from 'zod';

const digest = z.string().regex(/^b3:[0-9a-f]{64}$/);

const outputSchema = z.strictObject({
  name: z.string(),
  path: z.string(),
  digest,
  bytes: z.number().int().nonnegative(),
  kind: z.string(),
  arrays: z
    .record(z.string(), z.strictObject({ dtype: z.string(), shape: z.array(z.number().int().nonnegative()) }))
    .optional(),
});

const componentSchema = z.strictObject({
  name: z.string(),
  processor: z.string(),
  status: z.enum(['success', 'empty', 'error', 'skipped']),
  required: z.boolean(),
  empty_reason: z.string().optional(),
  error_code: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()),
  cache: z.enum(['local', 'remote', 'none']),
  action_key: digest.nullable(),
  rule_digest: digest,
  schema_version: z.number().int(),
  producer_version: z.string(),
  model_signature: z.string().optional(),
  models_used: z.array(z.unknown()),
  device_used: z.string().nullable(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  duration_ms: z.number().nonnegative(),
  outputs: z.array(outputSchema),
});

export const manifestSchema = z.strictObject({
  schema_version: z.literal(1),
  run: z.strictObject({
    platform_id: z.string(),
    video_id: z.string(),
    run_id: z.string(),
    config_hash: digest,
    sampling_policy_version: z.string(),
    dataprocessor_version: z.string(),
    stage: z.string(),
    profile: z.string(),
    status: z.enum(['running', 'success', 'partial', 'error', 'cancelled']),
    created_at: z.string(),
    finished_at: z.string().nullable(),
    flow_version: z.string(),
    resolved_model_mapping: z.record(z.string(), z.unknown()),
    source: z.strictObject({
      name: z.string(),
      digest,
      size: z.number().int().nonnegative(),
      duration_sec: z.number().nullable(),
      width: z.number().nullable(),
      height: z.number().nullable(),
      fps: z.number().nullable(),
      has_audio: z.boolean().nullable(),
    }),
  }),
  components: z.array(componentSchema),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestComponent = Manifest['components'][number];
export type ManifestOutput = ManifestComponent['outputs'][number];

export const manifestSchemaVersion = 1;
export const npzSchemaVersion = 1;
