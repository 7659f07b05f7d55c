/** How far the outputs of two models agree. */
import type { Tensor } from './tensor.ts';

/** No units but those of the output itself, for the largest error. */
export interface Agreement {
  readonly items: number;
  /** Of the items' cosines, each between both models' numbers for that item; −1 to 1. */
  readonly meanCosine: number;
  readonly minCosine: number;
  readonly maxAbsError: number;
  /** ‖a − b‖ / ‖a‖ over all items; 0 or more. */
  readonly relativeError: number;
}

/** One output of two models, item by item. */
export class TensorAgreement {
  readonly #cosines: number[] = [];
  #maxAbsError = 0;
  #errorSquares = 0;
  #squares = 0;

  /** @param a of the model that counts as right; @param b of as many elements */
  add(a: Tensor, b: Tensor): void {
    let [both, ofA, ofB] = [0, 0, 0];
    for (let at = 0; at < a.data.length; at += 1) {
      const [x, y] = [Number(a.data[at]), Number(b.data[at])];
      both += x * y;
      ofA += x * x;
      ofB += y * y;
      this.#maxAbsError = Math.max(this.#maxAbsError, Math.abs(x - y));
      this.#errorSquares += (x - y) ** 2;
    }
    this.#squares += ofA;
    // Rounding may carry it beyond 1; two tensors of zeros are equal.
    const cosine = ofA === 0 && ofB === 0 ? 1 : both / Math.sqrt(ofA * ofB);
    this.#cosines.push(Number.isNaN(cosine) ? 0 : Math.min(1, cosine));
  }

  get result(): Agreement {
    const items = this.#cosines.length;
    return {
      items,
      meanCosine: this.#cosines.reduce((sum, one) => sum + one, 0) / items,
      minCosine: this.#cosines.reduce((least, one) => Math.min(least, one), Infinity),
      maxAbsError: this.#maxAbsError,
      relativeError: this.#errorSquares === 0 ? 0 : Math.sqrt(this.#errorSquares / this.#squares),
    };
  }
}
