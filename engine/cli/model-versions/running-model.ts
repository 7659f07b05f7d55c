/** Models that run outside of a build, as builds run them on a CPU: in a thread of their own, one item at a time. */
import type { DeviceName } from '../../core/assigned-model.ts';
import type { BoundModel } from '../../core/bound-model.ts';
import type { ModelEntry } from '../../core/model-entry.ts';
import type { Tensor, Tensors } from '../../core/tensor.ts';
import { checkFinite } from '../../io/inference/finite-outputs.ts';
import { allOf, countOf, GatheredItems } from '../../io/inference/items.ts';
import { OrtBackend } from '../../io/inference/ort-backend.ts';

/** Runs a model once. @param feeds left to the caller */
export type RunModel = (feeds: Tensors) => Promise<Tensors>;

/** A thread for models. */
export class ModelThread implements AsyncDisposable {
  readonly #backend: OrtBackend;
  readonly #never = new AbortController().signal;

  constructor(device: DeviceName = 'cpu') {
    this.#backend = new OrtBackend(device);
  }

  /**
   * @returns what throws `output_invalid` if an output holds NaN or infinity
   * @throws {FlowError} `model_io_mismatch`, `dependency_missing` for a device that is not there
   */
  async load(entry: ModelEntry, graphPath: string): Promise<RunModel> {
    const model = await this.#backend.load({ entry, graphPath }, this.#never);
    return async (feeds) => {
      const outputs = await model.run(copyOf(feeds), this.#never);
      checkFinite(entry, outputs);
      return outputs;
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#backend[Symbol.asyncDispose]();
  }
}

/** The model as a rule gets it. @param run given one item after the other */
export function boundModel(entry: ModelEntry, run: RunModel): BoundModel {
  const infer = async (tensors: Tensors): Promise<Tensors> => {
    const outputs = new GatheredItems(countOf(tensors));
    for (let at = 0; at < countOf(tensors); at += 1) outputs.add(allOf(await run(itemOf(tensors, at))), at);
    const whole = outputs.whole!; // Rules ask about one item at least.
    checkFinite(entry, whole);
    return whole;
  };
  return { entry, classes: entry.classes ?? [], infer };
}

function itemOf(tensors: Tensors, at: number): Tensors {
  return mapped(tensors, ({ dtype, data, shape }) => {
    const size = data.length / shape[0]!;
    return {
      dtype,
      data: data.subarray(at * size, (at + 1) * size),
      shape: [1, ...shape.slice(1)],
    } as Tensor; // As it was.
  });
}

function copyOf(tensors: Tensors): Tensors {
  return mapped(tensors, (tensor) => ({ ...tensor, data: tensor.data.slice() }) as Tensor); // As it was.
}

function mapped(tensors: Tensors, map: (tensor: Tensor) => Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, map(tensor)]));
}
