/** The `meta` of an NPZ: who made it, of what, and how it went. */
import { z } from 'zod';
import { readNpz } from './npz.ts';

export const artifactMetaSchema = z.object({
  component: z.string(),
  output: z.string(),
  schema_version: z.number().int(),
  producer_version: z.string(),
  rule_digest: z.string(),
  params: z.record(z.string(), z.unknown()),
  model_signature: z.string().nullable(),
  models_used: z.array(z.unknown()),
  engine: z.string().nullable(),
  precision: z.string().nullable(),
  device: z.string().nullable(),
  /** Null for a component that asks for no frames. `count`: frames that it looked at. */
  sampling: z
    .object({
      fps: z.union([z.number(), z.literal('keyframes')]),
      policy: z.string(),
      count: z.number().int(),
    })
    .nullable(),
  analysis: z
    .object({ fps: z.union([z.number(), z.literal('keyframes')]), width: z.number(), height: z.number() })
    .nullable(),
  status: z.enum(['success', 'empty']),
  empty_reason: z.string().nullable(),
});

export type ArtifactMeta = z.output<typeof artifactMetaSchema>;

/**
 * Reads the `meta` of an NPZ file.
 *
 * @throws {TypeError} if the file has none
 * @throws {Error} if it is not such a document
 */
export function readMeta(bytes: Uint8Array): ArtifactMeta {
  const { meta } = readNpz(bytes);
  if (meta?.dtype !== 'unicode')
    throw new TypeError('this NPZ has no meta: it is ephemeral, or another program wrote it');
  return artifactMetaSchema.parse(JSON.parse(String(meta.data[0])));
}
