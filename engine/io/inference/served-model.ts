/** What an inference server says of a model, held against the model's entry. */
import { z } from 'zod';
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import { faultOfTensors, type TensorFacts } from './fault-of-tensors.ts';
import { dtypeOf } from './kserve-message.ts';
import { type Asked, ioMismatch, notThere } from './triton-error.ts';

const tensorSchema = z.object({
  name: z.string(),
  datatype: z.string(),
  /** -1 for any length. */
  shape: z.array(z.coerce.number().int()),
});

export const metadataSchema = z.object({
  name: z.string(),
  /** Those that are served now. */
  versions: z.array(z.string()).optional(),
  inputs: z.array(tensorSchema).default([]),
  outputs: z.array(tensorSchema).default([]),
});

/** Of a configuration, what concerns us; what has its default may be left out. */
export const configSchema = z.object({
  /** 0: the model takes what it takes, and the server does not think of batches. */
  max_batch_size: z.coerce.number().int().nonnegative().default(0),
  parameters: z.record(z.string(), z.object({ string_value: z.string().default('') })).default({}),
});

type ServedTensor = z.output<typeof tensorSchema>;

export interface ServedModel {
  readonly metadata: z.output<typeof metadataSchema>;
  /** Undefined where the server does not have this extension. */
  readonly config: z.output<typeof configSchema> | undefined;
}

/** @throws {FlowError} `model_io_mismatch`, `model_digest_mismatch` */
export function checkServedModel(entry: ModelEntry, { metadata, config }: ServedModel, asked: Asked): void {
  checkWeights(entry, config, asked);
  const fault =
    faultOfTensors('input', entry.inputs, metadata.inputs.map(factsOf)) ??
    faultOfTensors('output', entry.outputs, metadata.outputs.map(factsOf)) ??
    faultOfBatch(entry, config?.max_batch_size ?? 0);
  if (fault !== undefined) throw ioMismatch(asked, fault);
}

/**
 * The version to run.
 *
 * @param wanted undefined for the newest
 * @returns undefined where the server has no versions
 * @throws {FlowError} `triton_model_not_found`
 */
export function versionToRun(
  { versions }: ServedModel['metadata'],
  { name, wanted }: { readonly name: string; readonly wanted: string | undefined },
  asked: Asked,
): string | undefined {
  if (!versions) return undefined;
  const found = versions
    .filter((version) => wanted === undefined || version === wanted)
    .toSorted((one, other) => Number(one) - Number(other))
    .at(-1);
  if (found !== undefined) return found;
  const listed = versions.length === 0 ? 'no version' : `versions ${versions.join(', ')}`;
  throw notThere(asked, `the server has ${listed} of "${name}"`);
}

/** The entry's version, where a server can have it. */
export function serverVersion({ version }: ModelEntry): string | undefined {
  return /^[1-9]\d*$/.test(version) ? version : undefined;
}

/** Why it is not known that the server's weights are the entry's; undefined where it is. */
export function unknownWeights(entry: ModelEntry, { config }: ServedModel): string | undefined {
  const name = `"${modelName(entry)}"`;
  if (servedDigest(config) === undefined)
    return `the server does not say which weights ${name} has: its configuration has no parameter "weights_sha256"`;
  return entry.files[0]?.sha256 === undefined
    ? `the entry of ${name} has no sha256 of its weights`
    : undefined;
}

function checkWeights(entry: ModelEntry, config: ServedModel['config'], { act, server }: Asked): void {
  const expected = entry.files[0]?.sha256;
  const found = servedDigest(config);
  if (expected === undefined || found === undefined || found === expected) return;
  throw new FlowError({
    code: 'model_digest_mismatch',
    blame: 'user',
    where: server,
    message: `Cannot ${act}: the weights there have sha256 "${found}", those of the entry "${expected}".`,
    fix: 'Put the weights of the entry on the server, or correct the entry.',
  });
}

function servedDigest(config: ServedModel['config']): string | undefined {
  const { weights_sha256: weights, sha256 } = config?.parameters ?? {};
  return (weights ?? sha256)?.string_value.toLowerCase();
}

function factsOf({ name, datatype, shape }: ServedTensor): TensorFacts {
  return { name, dtype: dtypeOf(datatype) ?? datatype, shape };
}

function faultOfBatch({ inputs, max_batch: wanted }: ModelEntry, most: number): string | undefined {
  const isBatched = inputs.some(({ shape: [first] }) => typeof first === 'string');
  if (!isBatched || most === 0 || wanted <= most) return undefined;
  return `its entry has batches of up to ${wanted} items, its max_batch_size there is ${most}`;
}
