/** Runs a model over many items, a chunk at a time, so that memory does not grow with their number. */
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { release, type Tensors } from '../../engine/core/tensor.ts';

/** What a model is to be run over. */
export interface Items {
  readonly count: number;
  /** The model's inputs for the items from `first` up to `end`. Called for one chunk after the other, in order. */
  readonly prepare: (first: number, end: number) => Tensors;
  readonly signal: AbortSignal;
}

export interface InferredChunk {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly outputs: Tensors;
}

const chunkItems = 32;
/** Enough to be worth the way to the device, and not more than the caches of a processor like. */
const chunkBytes = 16 * 2 ** 20;

/**
 * The outputs of each chunk, in order, which are gone when the next one is taken. A chunk is prepared, and asked for, while
 * the model works on the one before.
 *
 * @throws whatever `prepare` and the model throw
 */
export async function* inferInChunks(model: BoundModel, items: Items): AsyncGenerator<InferredChunk> {
  let ahead = items.count > 0 ? start(model, items, 0) : undefined;
  while (ahead) {
    const { first, end, outputs }: Running = ahead;
    ahead = end < items.count ? start(model, items, end) : undefined;
    const made = await outputs;
    yield { first, end, outputs: made };
    release(made);
  }
}

interface Running {
  readonly first: number;
  readonly end: number;
  readonly outputs: Promise<Tensors>;
}

function start(model: BoundModel, { count, prepare, signal }: Items, first: number): Running {
  signal.throwIfAborted();
  const end = Math.min(first + itemsInChunk(model), count);
  const outputs = model.infer(prepare(first, end));
  // It may fail before anybody waits for it, which Node takes for a failure of the process; who awaits it hears of it.
  outputs.catch(() => {});
  return { first, end, outputs };
}

/** How many items are asked for at once: fewer where they are large. */
export function itemsInChunk({ entry }: Pick<BoundModel, 'entry'>): number {
  const itemBytes = entry.inputs.reduce((sum, { shape }) => sum + bytesOf(shape.slice(1)), 0);
  return Math.max(1, Math.min(chunkItems, Math.floor(chunkBytes / itemBytes)));
}

/** Of float32, as far as the entry says it. */
function bytesOf(shape: readonly (number | string)[]): number {
  return shape.reduce<number>((product, axis) => product * (typeof axis === 'number' ? axis : 1), 4);
}
