/** What is found out of batches of one size: whether they change a bit, and whether they are quicker than their items alone. */
import { quantilesOf } from '../../core/array-statistics.ts';
import type { Tensors } from '../../core/tensor.ts';
import { countOf, stretchOf } from './items.ts';

const neededProofs = 9;
/** The first runs of a new shape take longer: ONNX Runtime makes room for it. */
const firstRuns = 2;
/** After so many that did not give as many proofs there are no more. */
const mostTrials = 18;
/** Of the time that the items take one by one. */
const worthwhile = 0.97;

/** Items that were run both ways. */
export interface Trial {
  readonly alone: Tensors;
  /** Undefined where the model failed on them. */
  readonly together: Tensors | undefined;
  /** Of the time that they took one by one. */
  readonly share: number;
}

export class BatchTrials {
  readonly items: number;
  /** Of the trials that proved something. */
  readonly #shares: number[] = [];
  #trials = 0;
  #share: number | undefined;

  constructor(items: number) {
    this.items = items;
  }

  /** Of the time that its items take one by one; infinite where batches are not to be used, undefined while it is not known. */
  get share(): number | undefined {
    return this.#share;
  }

  add({ alone, together, share }: Trial): void {
    this.#trials += 1;
    if (!together || !haveSameBits(alone, together)) this.#share = Infinity;
    else if (haveNothingInCommon(alone)) this.#shares.push(share); // Else it proves nothing: they may all be zero.
    if (this.#shares.length === neededProofs) this.#share ??= this.#judged();
    if (this.#trials === mostTrials) this.#share ??= Infinity;
  }

  #judged(): number {
    const share = quantilesOf(Float64Array.from(this.#shares.slice(firstRuns)), [0.5])[0]!;
    return share < worthwhile ? share : Infinity;
  }
}

function haveSameBits(a: Tensors, b: Tensors): boolean {
  return Object.keys(a).every((name) => bytesOf(a, name).equals(bytesOf(b, name)));
}

/** No two items have the same output. */
function haveNothingInCommon(outputs: Tensors): boolean {
  return Object.keys(outputs).every((name) => {
    const items = Array.from({ length: countOf(outputs) }, (_, at) =>
      bytesOf(stretchOf(outputs, { from: at, to: at + 1 }), name).toString('latin1'),
    );
    return new Set(items).size === items.length;
  });
}

function bytesOf(tensors: Tensors, name: string): Buffer {
  const { buffer, byteOffset, byteLength } = tensors[name]!.data;
  return Buffer.from(buffer, byteOffset, byteLength);
}
