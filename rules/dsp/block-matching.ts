/** How much of a picture cannot be explained by motion of the one before. */
import { lumaMoments, type Plane, plane } from './luma.ts';

const blockWidth = 8;
const blockHeight = 6;
const reachX = 8;
const reachY = 6;
/** Mean difference a pixel that noise and coding make; grey levels. */
const noiseLevel = 2;
/** Contrast is matched at most this far: a nearly flat picture is no dimmed version of a rich one. */
const maxGain = 2;

/** Compares pictures of one size; holds the one buffer that it needs. */
export class BlockMatcher {
  /** The earlier picture with the mean and contrast of the later one. */
  readonly #levelled: Plane;
  readonly #blockWidth: number;
  readonly #blockHeight: number;
  /** Difference of a block up to which it counts as the same. */
  readonly #noise: number;
  /** Where the last block was found, relative to its own place: the next one has often moved alike. */
  #guessX = 0;
  #guessY = 0;

  /** @param size of the pictures in pixels; blocks and reach are meant for about 64×36 */
  constructor(size: { readonly width: number; readonly height: number }) {
    this.#levelled = plane(size.width, size.height);
    this.#blockWidth = Math.min(blockWidth, size.width);
    this.#blockHeight = Math.min(blockHeight, size.height);
    this.#noise = noiseLevel * this.#blockWidth * this.#blockHeight;
  }

  /**
   * Share of a picture's structure that no motion of its blocks explains: the blocks' smallest sums of absolute
   * differences, over their texture (absolute deviation from the block's mean, averaged over both pictures).
   *
   * Method: full-search block matching (Jain and Jain, "Displacement measurement and its application in
   * interframe image coding", IEEE Trans. Commun. 29, 1981); blocks of 8×6 pixels move by up to 8×6. The earlier
   * picture is first brought to the later one's mean and contrast, so that changing light explains itself.
   *
   * @returns 0 (all explained, or nothing but noise) to 1; no unit
   */
  unexplainedShare(previous: Plane, current: Plane): number {
    levelTo(previous, current, this.#levelled);
    let error = 0;
    let texture = 0;
    for (let y = 0; y + this.#blockHeight <= current.height; y += this.#blockHeight) {
      for (let x = 0; x + this.#blockWidth <= current.width; x += this.#blockWidth) {
        const place = y * current.width + x;
        error += Math.max(0, this.#smallestDifference(current, x, y) - this.#noise);
        texture += (this.#deviation(this.#levelled.data, place) + this.#deviation(current.data, place)) / 2;
      }
    }
    return Math.min(1, error / (texture + noiseLevel * current.width * current.height));
  }

  /** Over all shifts that stay in the picture; anything up to the noise ends the search. */
  #smallestDifference({ data, width, height }: Plane, x: number, y: number): number {
    const left = Math.max(0, x - reachX);
    const top = Math.max(0, y - reachY);
    const right = Math.min(width - this.#blockWidth, x + reachX);
    const bottom = Math.min(height - this.#blockHeight, y + reachY);
    const place = y * width + x;
    const guess = clamp(y + this.#guessY, top, bottom) * width + clamp(x + this.#guessX, left, right);
    let best = this.#difference(data, place, place, Infinity);
    if (guess !== place) best = Math.min(best, this.#difference(data, guess, place, best));
    for (let atY = top; atY <= bottom && best > this.#noise; atY += 1) {
      for (let atX = left; atX <= right; atX += 1) {
        const difference = this.#difference(data, atY * width + atX, place, best);
        if (difference >= best) continue;
        best = difference;
        this.#guessX = atX - x;
        this.#guessY = atY - y;
      }
    }
    return best;
  }

  /** Sum of absolute differences of two blocks, or some number above `limit` once it is sure to pass that. */
  #difference(current: Uint8Array, from: number, to: number, limit: number): number {
    const earlier = this.#levelled.data;
    const stride = this.#levelled.width;
    const rowLength = this.#blockWidth;
    const rows = this.#blockHeight * stride;
    let sum = 0;
    for (let row = 0; row < rows && sum <= limit; row += stride) {
      for (let column = row; column < row + rowLength; column += 1) {
        sum += Math.abs(earlier[from + column]! - current[to + column]!);
      }
    }
    return sum;
  }

  /** Sum of absolute deviations of a block from its mean. */
  #deviation(data: Uint8Array, start: number): number {
    const stride = this.#levelled.width;
    const rows = start + this.#blockHeight * stride;
    let sum = 0;
    for (let row = start; row < rows; row += stride) {
      for (let at = row; at < row + this.#blockWidth; at += 1) sum += data[at]!;
    }
    const mean = sum / (this.#blockWidth * this.#blockHeight);
    let deviations = 0;
    for (let row = start; row < rows; row += stride) {
      for (let at = row; at < row + this.#blockWidth; at += 1) deviations += Math.abs(data[at]! - mean);
    }
    return deviations;
  }
}

/** Gives a picture the mean and, within limits, the contrast of another. */
function levelTo(picture: Plane, model: Plane, out: Plane): void {
  const own = lumaMoments(picture);
  const wanted = lumaMoments(model);
  const gain = clamp((wanted.std + 1) / (own.std + 1), 1 / maxGain, maxGain);
  for (let at = 0; at < out.data.length; at += 1) {
    out.data[at] = clamp((picture.data[at]! - own.mean) * gain + wanted.mean + 0.5, 0, 255);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
