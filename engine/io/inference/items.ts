/** Items of tensors: along the first axis, as they are asked for one by one and run in batches. */
import type { Tensor, Tensors } from '../../core/tensor.ts';

/** Some neighbouring items. */
export interface Stretch {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** A stretch of the items of somebody's tensors. */
export interface Items extends Stretch {
  readonly tensors: Tensors;
}

/** Every one of them. */
export function allOf(tensors: Tensors): Items {
  return { tensors, from: 0, to: countOf(tensors) };
}

/** One batch of the items of several tensors of one shape, in their order: copies. */
export function batchOf(stretches: readonly Items[]): Tensors {
  const names = Object.keys(stretches[0]!.tensors);
  return Object.fromEntries(names.map((name) => [name, joined(stretches, name)]));
}

/** Some of the items, as they are: views of their tensors. */
export function stretchOf(tensors: Tensors, { from, to }: Stretch): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const { dtype, data, shape } = tensor;
      const size = itemSize(tensor);
      const view = data.subarray(from * size, to * size);
      return [name, { dtype, data: view, shape: [to - from, ...shape.slice(1)] } as Tensor]; // Of the kind that `data` is of.
    }),
  );
}

function joined(stretches: readonly Items[], name: string): Tensor {
  const { dtype, shape, data } = stretches[0]!.tensors[name]!;
  const count = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const size = itemSize(stretches[0]!.tensors[name]!);
  const all = emptyLike(data, count * size);
  let at = 0;
  for (const { tensors, from, to } of stretches) {
    all.set(tensors[name]!.data.subarray(from * size, to * size) as Float32Array, at);
    at += (to - from) * size;
  }
  return { dtype, data: all, shape: [count, ...shape.slice(1)] } as Tensor; // `all` is of the kind of `data`.
}

/** Outputs of a request that come in stretches, each at its place. */
export class GatheredItems {
  readonly #count: number;
  #tensors: Tensors | undefined;
  #missing: number;

  constructor(count: number) {
    this.#count = count;
    this.#missing = count;
  }

  /** @param outputs of a batch, whose items from `from` on are those of this request from `at` on: copied */
  add({ tensors, from, to }: Items, at: number): void {
    this.#tensors ??= Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, this.#roomFor(tensor)]),
    );
    for (const [name, tensor] of Object.entries(tensors)) {
      const size = itemSize(tensor);
      const part = tensor.data.subarray(from * size, to * size);
      (this.#tensors[name]!.data as Float32Array).set(part as Float32Array, at * size); // Both are of one kind.
    }
    this.#missing -= to - from;
  }

  /** Some that are there already: views. */
  stretch(stretch: Stretch): Tensors {
    return stretchOf(this.#tensors!, stretch);
  }

  /** Undefined while some are missing. */
  get whole(): Tensors | undefined {
    return this.#missing === 0 ? this.#tensors : undefined;
  }

  #roomFor({ dtype, shape, data }: Tensor): Tensor {
    const all = emptyLike(data, this.#count * (data.length / shape[0]!));
    return { dtype, data: all, shape: [this.#count, ...shape.slice(1)] } as Tensor; // As in `joined`.
  }
}

/** How many items tensors hold; all of them hold the same number. */
export function countOf(tensors: Tensors): number {
  return Object.values(tensors)[0]?.shape[0] ?? 0;
}

function itemSize({ data, shape }: Tensor): number {
  return data.length / shape[0]!;
}

function emptyLike(data: Tensor['data'], length: number): Float32Array {
  const Kind = data.constructor as Float32ArrayConstructor; // Whichever it is: all take a length.
  return new Kind(length);
}
