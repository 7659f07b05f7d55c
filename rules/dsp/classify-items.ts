import { z } from 'zod';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { array, type NdArray } from '../../engine/core/nd-array.ts';
import { decoderOfModel } from './decoder-of-model.ts';
import { floatOutput } from './float-output.ts';
import { type Items, inferInChunks } from './infer-in-chunks.ts';
import { modelMisfit } from './model-misfit.ts';

export interface Classified {
  /** float32 count×T, 0 to 1. */
  readonly probabilities: NdArray<'float32'>;
  /** T names; a class without one is called by its number. */
  readonly classNames: readonly string[];
}

/**
 * Runs a classifier over items. Its first output has a number for each class, which its decoder explains: `softmax`
 * where they are logits, `none` where they are probabilities already.
 *
 * @throws {FlowError} `model_io_mismatch` if the decoder is another one, the output is not float32, or the model has
 * names for another number of classes; and what the model throws
 */
export async function classifyItems(model: BoundModel, items: Items): Promise<Classified> {
  const { decode } = decoderOfModel(model, classifierDecoders).decoder;
  const output = model.entry.outputs[0]!; // An entry has at least one.
  let probabilities = array('float32', new Float32Array(0), [0, model.classes.length]);
  for await (const { first, end, outputs } of inferInChunks(model, items)) {
    const { data } = floatOutput(model.entry, outputs, output.name);
    const count = data.length / (end - first);
    if (first === 0)
      probabilities = array('float32', new Float32Array(items.count * count), [items.count, count]);
    for (let item = first; item < end; item += 1) {
      const from = (item - first) * count;
      probabilities.data.set(decode(data.subarray(from, from + count)), item * count);
    }
  }
  return { probabilities, classNames: namesOf(model, probabilities.shape[1]!) };
}

/**
 * Probabilities from logits: exp(x) over the sum of them all.
 *
 * @returns as many numbers, 0 to 1, whose sum is 1
 */
function softmax(logits: Float32Array): Float32Array {
  const greatest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - greatest)); // None of them overflows.
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

interface Decoder {
  readonly params: z.ZodObject;
  /** The probabilities of one item, from what the model says of it. */
  readonly decode: (numbers: Float32Array) => Float32Array;
}

/** By the names that entries use. */
export const classifierDecoders: ReadonlyMap<string, Decoder> = new Map([
  ['softmax', { params: z.strictObject({}), decode: softmax }],
  ['none', { params: z.strictObject({}), decode: (numbers: Float32Array) => numbers }],
]);

function namesOf({ entry, classes }: BoundModel, count: number): readonly string[] {
  if (classes.length === count) return classes;
  if (classes.length === 0) return Array.from({ length: count }, (_, id) => String(id));
  throw modelMisfit(entry, {
    reason: `it gives ${count} numbers, and its entry has ${classes.length} classes`,
    fix: 'List all classes of the model in its entry, in their order.',
  });
}
