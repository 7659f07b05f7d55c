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
  readonly #levelled: Plane;
  readonly #block: { readonly width: number; readonly height: number };

  /** @param size of the pictures in pixels; blocks and reach are meant for about 64×36 */
  constructor(size: { readonly width: number; readonly height: number }) {
    this.#levelled = plane(size.width, size.height);
    this.#block = { width: Math.min(blockWidth, size.width), height: Math.min(blockHeight, size.height) };
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
    const { width: blockW, height: blockH } = this.#block;
    const { width, height } = current;
    levelTo(previous, current, this.#levelled);
    const from = this.#levelled.data;
    let error = 0;
    let texture = 0;
    for (let y = 0; y + blockH <= height; y += blockH) {
      for (let x = 0; x + blockW <= width; x += blockW) {
        const own = y * width + x;
        const still = blockDifference(from, own, current.data, own, width, blockW, blockH, Infinity);
        const floor = noiseLevel * blockW * blockH;
        error += still <= floor ? 0 : Math.max(0, this.#search(current, { x, y, still }) - floor);
        texture +=
          (deviation(from, own, width, blockW, blockH) +
            deviation(current.data, own, width, blockW, blockH)) /
          2;
      }
    }
    const noise = noiseLevel * width * height;
    return Math.min(1, error / (texture + noise));
  }

  /** Smallest difference of one block over all shifts that stay in the picture. */
  #search(current: Plane, { x, y, still }: { x: number; y: number; still: number }): number {
    const { width: blockW, height: blockH } = this.#block;
    const { width, height, data } = current;
    const from = this.#levelled.data;
    const right = Math.min(width - blockW, x + reachX);
    const bottom = Math.min(height - blockH, y + reachY);
    let best = still;
    for (let atY = Math.max(0, y - reachY); atY <= bottom; atY += 1) {
      for (let atX = Math.max(0, x - reachX); atX <= right; atX += 1) {
        const found = blockDifference(
          from,
          atY * width + atX,
          data,
          y * width + x,
          width,
          blockW,
          blockH,
          best,
        );
        if (found < best) best = found;
      }
    }
    return best;
  }
}

/** Sum of absolute differences of two blocks; some number above `limit` once it is sure to pass that. */
function blockDifference(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  stride: number,
  width: number,
  height: number,
  limit: number,
): number {
  let sum = 0;
  for (let y = 0; y < height && sum < limit; y += 1) {
    const aRow = aStart + y * stride;
    const bRow = bStart + y * stride;
    for (let x = 0; x < width; x += 1) {
      const d = a[aRow + x]! - b[bRow + x]!;
      sum += d < 0 ? -d : d;
    }
  }
  return sum;
}

/** Sum of absolute deviations of a block from its mean. */
function deviation(data: Uint8Array, start: number, stride: number, width: number, height: number): number {
  let sum = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) sum += data[start + y * stride + x]!;
  }
  const mean = sum / (width * height);
  let result = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) result += Math.abs(data[start + y * stride + x]! - mean);
  }
  return result;
}

/** Gives a picture the mean and, within limits, the contrast of another. */
function levelTo(picture: Plane, model: Plane, out: Plane): void {
  const own = lumaMoments(picture);
  const wanted = lumaMoments(model);
  const gain = Math.min(maxGain, Math.max(1 / maxGain, (wanted.std + 1) / (own.std + 1)));
  for (let at = 0; at < out.data.length; at += 1) {
    const value = (picture.data[at]! - own.mean) * gain + wanted.mean + 0.5;
    out.data[at] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}
