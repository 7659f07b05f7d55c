/**
 * What a model is, as its entry in a catalog says: files, tensors, how pictures or sound become tensors, and how its
 * outputs are read. A new model of a known task needs an entry and no code.
 */
import { z } from 'zod';
import { checkDocument, type Issue } from './issue.ts';
import { pictureMisfit } from './picture-misfit.ts';

/** What the weights of a model can be. `mixed`: of several kinds, so that none of the names tells it. */
export const precisions = ['fp32', 'fp16', 'bf16', 'int8', 'mixed'] as const;

const tensorDtype = z.enum(['float32', 'float64', 'int32', 'int64', 'uint8', 'bool']);

/** How an RGB picture of 8 bits becomes the tensor: resized, cut, its channels ordered, `(value · scale − mean) / std`. */
const picture = z.strictObject({
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /**
   * `stretch`: to width × height. `letterbox`: as large as fits in it, at the top left, the rest filled. `cover`: the
   * shorter side to `short_side`, then cut to width × height around the centre.
   */
  resize: z.enum(['stretch', 'letterbox', 'cover']).default('stretch'),
  /** For `cover`; pixels. */
  short_side: z.number().int().positive().optional(),
  /** For `letterbox`; level from 0 to 255. */
  fill: z.number().min(0).max(255).default(0),
  colour: z.enum(['rgb', 'bgr', 'luma']).default('rgb'),
  layout: z.enum(['nchw', 'nhwc']).default('nchw'),
  scale: z.number().positive().default(1),
  /** One a channel, in the order of `colour`, in units of the scaled values. */
  mean: z.array(z.number()).default([0, 0, 0]),
  std: z.array(z.number().positive()).default([1, 1, 1]),
});

/** How sound becomes the tensor: mono, at one rate, in windows. */
const sound = z.strictObject({
  sample_rate: z.number().int().positive(),
  window_samples: z.number().int().positive(),
  hop_samples: z.number().int().positive(),
  /** What a full-scale sample is. */
  scale: z.number().positive().default(1),
});

const tensor = z.strictObject({
  name: z.string().min(1),
  dtype: tensorDtype,
  /** A number fixes an axis; a name stands for any length. Batches go along the first axis, where that has a name. */
  shape: z.array(z.union([z.number().int().nonnegative(), z.string()])),
});

const modelInput = tensor.extend({
  picture: picture
    .refine(({ colour, mean, std }) => Math.min(mean.length, std.length) >= (colour === 'luma' ? 1 : 3), {
      error: '"mean" and "std" need one number a channel',
    })
    .optional(),
  sound: sound.optional(),
});

/** An input whose picture, where it has one, is of its shape. */
const fittingInput = modelInput.superRefine((input, context) => {
  const found = input.picture && pictureMisfit(input.picture, input.shape);
  if (!found) return;
  const { key, message, fix } = found;
  context.addIssue({ code: 'custom', path: ['picture', key], message, params: { fix } });
});

const file = z.strictObject({
  /** As the graph file names it, where one file refers to another; the first one is the graph. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'the name of a file: letters, digits, ".", "_" and "-"'),
  url: z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' }).optional(),
  /** Beside the entry, for models that come with it. */
  path: z.string().optional(),
  /** Of the published file, 64 hex digits. Without it the first use pins what it finds. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'a SHA-256: 64 digits of 0-9 and a-f')
    .optional(),
  bytes: z.number().int().nonnegative().optional(),
});

export const modelEntrySchema = z.strictObject({
  schema_version: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, 'a name: a-z, 0-9, ".", "_" and "-"'),
  version: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a version: letters, digits, ".", "_" and "-"'),
  task: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a task: a-z, 0-9 and "-"'),
  /** SPDX where there is one. */
  licence: z.string().min(1),
  /** Where it is from: repository, commit, path; a paper; what it is made with. */
  source: z.string().min(1),
  description: z.string().optional(),
  files: z.array(file).min(1),
  /** What its weights are: `fp32` where it is left out. A profile cannot say otherwise. */
  precision: z.enum(precisions).optional(),
  inputs: z.array(fittingInput).min(1),
  outputs: z.array(tensor).min(1),
  decoder: z
    .strictObject({ name: z.string(), params: z.record(z.string(), z.json()).default({}) })
    .optional(),
  /** Of a classifier or detector, by their ids. */
  classes: z.array(z.string().min(1)).optional(),
  /** Most items in one batch. */
  max_batch: z.number().int().positive().default(16),
  /** Largest difference that the composition of a batch may make to an output; no unit. */
  tolerance: z.number().nonnegative().default(1e-4),
  /** Of a version that was made from another one. */
  made_from: z
    .strictObject({ model: z.string(), version: z.string(), sha256: z.string(), by: z.string() })
    .optional(),
});

export type ModelEntry = z.output<typeof modelEntrySchema>;
export type ModelFile = ModelEntry['files'][number];
export type ModelTensor = z.output<typeof tensor>;
export type ModelInput = ModelEntry['inputs'][number];
export type PictureSpec = z.output<typeof picture>;
export type SoundSpec = z.output<typeof sound>;

/** @param file for messages */
export function parseModelEntry(file: string, value: unknown): { entry: ModelEntry } | { issues: Issue[] } {
  const checked = checkDocument(file, modelEntrySchema, value);
  return 'issues' in checked ? checked : { entry: checked.value };
}

/** `name:version`, as profiles, commands and messages name a model. */
export function modelName({ name, version }: Pick<ModelEntry, 'name' | 'version'>): string {
  return `${name}:${version}`;
}
