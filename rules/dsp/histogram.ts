/** Colour histograms of pictures and the distance between them. */

const lumaBins = 16;
const chromaBins = 8;
const chromaCells = chromaBins * chromaBins;

/** Length of a colour histogram: luma and, apart from it, the two chroma axes together. */
export const histogramBins = lumaBins + chromaCells;

/**
 * Counts of a picture's luma (16 bins) and chroma (8×8 bins), in this order. Chroma is B−Y and R−Y (ITU-R
 * BT.601 without scaling), so that a change of brightness alone moves only the luma bins.
 *
 * @param rgb uint8, N×height×width×3
 * @param start first element of the picture in `rgb`
 * @param pixels height×width
 * @param out [histogramBins], overwritten; each of the two parts sums to `pixels`
 */
export function colourHistogram(
  rgb: Uint8Array,
  { start, pixels }: { start: number; pixels: number },
  out: Uint32Array,
): void {
  out.fill(0);
  for (let at = start; at < start + 3 * pixels; at += 3) {
    const red = rgb[at]!;
    const blue = rgb[at + 2]!;
    const luma = (77 * red + 150 * rgb[at + 1]! + 29 * blue + 128) >> 8;
    out[luma >> 4]! += 1;
    out[lumaBins + chromaBin(blue - luma) * chromaBins + chromaBin(red - luma)]! += 1;
  }
}

/** Bins are 16 wide about grey, where most chroma lies; the outer ones take the rest. */
function chromaBin(difference: number): number {
  const bin = (difference + 64) >> 4;
  return Math.max(0, Math.min(chromaBins - 1, bin));
}

/**
 * Chi-square distance of two histograms: Σ (a−b)² / (a+b), over the number of pixels.
 *
 * Source: Nagasaka and Tanaka, "Automatic video indexing and full-video search for object appearances",
 * Visual Database Systems II (1992), in its symmetric form.
 *
 * @param a counts per bin
 * @param b as `a`, with the same sum
 * @returns 0 (equal) to 2 (no bin shared); no unit; 0 where both are empty
 */
export function chiSquare(a: Uint32Array, b: Uint32Array): number {
  let sum = 0;
  let total = 0;
  for (let bin = 0; bin < a.length; bin += 1) {
    const both = a[bin]! + b[bin]!;
    if (both === 0) continue;
    const difference = a[bin]! - b[bin]!;
    sum += (difference * difference) / both;
    total += both;
  }
  return total === 0 ? 0 : (2 * sum) / total;
}
