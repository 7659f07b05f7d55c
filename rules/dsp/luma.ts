/** Brightness of RGB pictures. Pictures are uint8, C order; nothing is allocated unless the caller passes no buffer. */

/** A picture of one channel. */
export interface Plane {
  /** Height×width elements, 0 to 255. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export function plane(width: number, height: number): Plane {
  return { data: new Uint8Array(width * height), width, height };
}

/**
 * Luma of one picture: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), in integers that sum to 256.
 *
 * @param rgb uint8, N×height×width×3
 * @param start first element of the picture in `rgb`
 * @param out filled; its size is the picture's
 */
export function lumaOf(rgb: Uint8Array, start: number, out: Plane): void {
  const { data } = out;
  for (let pixel = 0, at = start; pixel < data.length; pixel += 1, at += 3) {
    data[pixel] = (77 * rgb[at]! + 150 * rgb[at + 1]! + 29 * rgb[at + 2]! + 128) >> 8;
  }
}

/** A plane of half the width and height, for `halve`; never smaller than 1×1. */
export function halfPlane(full: Plane): Plane {
  return plane(Math.max(1, full.width >> 1), Math.max(1, full.height >> 1));
}

/** Means of 2×2 pixels; an odd last row or column is left out. */
export function halve(full: Plane, out: Plane): void {
  const right = full.width > 1 ? 1 : 0;
  const below = full.height > 1 ? full.width : 0;
  for (let y = 0; y < out.height; y += 1) {
    for (let x = 0; x < out.width; x += 1) {
      const at = 2 * y * full.width + 2 * x;
      const sum =
        full.data[at]! + full.data[at + right]! + full.data[at + below]! + full.data[at + below + right]!;
      out.data[y * out.width + x] = (sum + 2) >> 2;
    }
  }
}

/** Mean and standard deviation of a plane; grey levels, 0 to 255. */
export function lumaMoments({ data }: Plane): { mean: number; std: number } {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at]!;
    sum += value;
    squares += value * value;
  }
  const mean = sum / data.length;
  return { mean, std: Math.sqrt(Math.max(0, squares / data.length - mean * mean)) };
}

/** Mean absolute difference of two planes of one size; grey levels, 0 to 255. */
export function meanDifference(a: Plane, b: Plane): number {
  let sum = 0;
  for (let at = 0; at < a.data.length; at += 1) sum += Math.abs(a.data[at]! - b.data[at]!);
  return sum / a.data.length;
}
