/** The models that a rule works with: it names slots, the profile says which model goes into each. */
import type { z } from 'zod';
import type { ModelEntry } from './model-entry.ts';
import type { Tensors } from './tensor.ts';

export interface ModelSlot {
  /** What its model must be for, such as `face-detection`. */
  readonly task: string;
  /** Its model has to have one input, made of this. Left out where the rule feeds models of several inputs, or of others. */
  readonly takes?: 'picture' | 'sound';
  /** The rule does with less where the profile names no model for it. */
  readonly isOptional?: boolean;
  /** Those that the rule can read a model's outputs with, by name: its entry has to name one of them. */
  readonly decoders?: ReadonlyMap<string, { readonly params: z.ZodObject }>;
}

export type ModelSlots = Readonly<Record<string, ModelSlot>>;

/** A model in its slot. */
export interface BoundModel {
  readonly entry: Pick<ModelEntry, 'name' | 'version' | 'task' | 'inputs' | 'outputs' | 'decoder'>;
  /** Names of the classes by their ids; empty where the model has none. */
  readonly classes: readonly string[];
  /**
   * Runs the model on a batch: the first axis of every tensor counts items, however many the model takes at once.
   *
   * @param tensors given away: their memory is not the caller's any more
   * @returns the same number of items, whatever was asked for with them; finite numbers. They are the caller's own:
   *   `release` gives back their memory sooner than the garbage collector does
   * @throws {FlowError} `model_io_mismatch`, `model_digest_mismatch`, `model_fetch_failed`, `gpu_oom`, `triton_…`, `cancelled`;
   *   `output_invalid` if an output holds NaN or infinity
   */
  infer(tensors: Tensors): Promise<Tensors>;
}

export type BoundModels<L extends ModelSlots> = {
  readonly [S in keyof L]: BoundModel | (L[S] extends { readonly isOptional: true } ? undefined : never);
};
