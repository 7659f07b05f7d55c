/** Measures of one picture's quality. None of them needs a reference. */
import { lumaOf, type Plane, plane } from './luma.ts';

export interface PictureQuality {
  /** Deviation of the Laplacian relative to that of luma: 0 (smooth) to about 1 (white noise); NaN under 3×3 pixels. */
  sharpness: number;
  /** Mean luma, 0 to 1. */
  exposure: number;
  /** Shares of pixels at the ends of the scale: luma up to 4, and from 251; 0 to 1. */
  clippedBlack: number;
  clippedWhite: number;
  /** Root mean square contrast: standard deviation of luma, 0 to 0.5. */
  contrast: number;
  /** Standard deviation of noise, of luma 0 to 1; NaN for pictures under 3×3. */
  noise: number;
  /** 0 (grey) to about 1.2; above 0.5 is strongly coloured. */
  colourfulness: number;
  /** −1 to 1: 0 without block edges; NaN without a grid. */
  blockiness: number;
  /** Black bars at top, bottom, left and right, as shares of height and width; NaN where all is black. */
  readonly letterbox: Float32Array;
}

/** Standard deviation of luma that adds nothing to sharpness, so that noise on a flat picture is not; grey levels. */
const flatStd = 2;
/** Highest luma in a row or column of a black bar: black of limited range, and coding noise. */
const barLevel = 24;
const clippedLevel = 4;

/**
 * Measures pictures of one size. Its buffers are allocated once.
 *
 * Sources: sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield
 * microscopy", ICPR 2000), made independent of contrast; contrast: Peli, "Contrast in complex images", JOSA A 7
 * (1990); noise: Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64 (1996);
 * colourfulness: Hasler and Süsstrunk, "Measuring colourfulness in natural images", SPIE 5007 (2003), over 100;
 * blockiness: differences across block edges against those inside (after Wang, Sheikh and Bovik, "No-reference
 * perceptual quality assessment of JPEG compressed images", ICIP 2002).
 */
export class PictureMeter {
  readonly #luma: Plane;
  readonly #gridPx: number | undefined;
  readonly #quality: PictureQuality = {
    sharpness: 0,
    exposure: 0,
    clippedBlack: 0,
    clippedWhite: 0,
    contrast: 0,
    noise: 0,
    colourfulness: 0,
    blockiness: Number.NaN,
    letterbox: new Float32Array(4),
  };

  /** @param options `gridPx`: the codec's block size in pixels of these pictures, if they have not been scaled */
  constructor(options: {
    readonly width: number;
    readonly height: number;
    readonly gridPx: number | undefined;
  }) {
    this.#luma = plane(options.width, options.height);
    this.#gridPx = options.gridPx;
  }

  /**
   * @param rgb uint8, N×height×width×3
   * @param start first element of the picture in `rgb`
   * @returns valid until the next call
   */
  measure(rgb: Uint8Array, start: number): PictureQuality {
    const luma = this.#luma;
    lumaOf(rgb, start, luma);
    measureLevels(luma, this.#quality);
    measureDetail(luma, this.#quality);
    this.#quality.colourfulness = colourfulness(rgb, { start, pixels: luma.data.length });
    this.#quality.blockiness = this.#gridPx === undefined ? Number.NaN : blockiness(luma, this.#gridPx);
    measureBars(luma, this.#quality.letterbox);
    return this.#quality;
  }
}

function measureLevels({ data }: Plane, out: PictureQuality): void {
  let sum = 0;
  let squares = 0;
  let black = 0;
  let white = 0;
  for (let at = 0; at < data.length; at += 1) {
    const value = data[at]!;
    sum += value;
    squares += value * value;
    if (value <= clippedLevel) black += 1;
    else if (value >= 255 - clippedLevel) white += 1;
  }
  const mean = sum / data.length;
  out.exposure = mean / 255;
  out.contrast = Math.sqrt(Math.max(0, squares / data.length - mean * mean)) / 255;
  out.clippedBlack = black / data.length;
  out.clippedWhite = white / data.length;
}

/** Sharpness and noise, each from a mask of 3×3 pixels; expects `contrast` to be there. */
function measureDetail({ data, width, height }: Plane, out: PictureQuality): void {
  let sum = 0;
  let squares = 0;
  let noise = 0;
  for (let y = 1; y < height - 1; y += 1) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at += 1) {
      const sides = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]!;
      const corners =
        data[at - width - 1]! + data[at - width + 1]! + data[at + width - 1]! + data[at + width + 1]!;
      const laplacian = sides - 4 * data[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
      noise += Math.abs(corners - 2 * sides + 4 * data[at]!);
    }
  }
  const pixels = Math.max(0, width - 2) * Math.max(0, height - 2);
  const mean = sum / pixels;
  const std = Math.sqrt(Math.max(0, squares / pixels - mean * mean));
  // The Laplacian of white noise has √20 times its deviation.
  out.sharpness = std / (Math.sqrt(20) * (255 * out.contrast + flatStd));
  out.noise = (Math.sqrt(Math.PI / 2) * noise) / (6 * pixels) / 255;
}

/**
 * Colourfulness of Hasler and Süsstrunk (2003), over 100.
 *
 * @param rgb uint8, N×height×width×3
 */
function colourfulness(rgb: Uint8Array, { start, pixels }: { start: number; pixels: number }): number {
  let redGreen = 0;
  let redGreenSquares = 0;
  let yellowBlue = 0;
  let yellowBlueSquares = 0;
  for (let at = start; at < start + 3 * pixels; at += 3) {
    const first = rgb[at]! - rgb[at + 1]!;
    const second = (rgb[at]! + rgb[at + 1]!) / 2 - rgb[at + 2]!;
    redGreen += first;
    redGreenSquares += first * first;
    yellowBlue += second;
    yellowBlueSquares += second * second;
  }
  const means = [redGreen / pixels, yellowBlue / pixels] as const;
  const variance = (redGreenSquares + yellowBlueSquares) / pixels - means[0] ** 2 - means[1] ** 2;
  return (Math.sqrt(Math.max(0, variance)) + 0.3 * Math.hypot(...means)) / 100;
}

/**
 * How much larger differences of neighbours are across the edges of a grid of blocks than inside the blocks:
 * (across − inside) / (across + inside), over rows and columns together.
 *
 * @param gridPx size of the blocks; the first one begins at the picture's corner
 * @returns −1 to 1; NaN where the picture holds no edge, 0 where it is flat
 */
function blockiness({ data, width, height }: Plane, gridPx: number): number {
  let across = 0;
  let acrossCount = 0;
  let inside = 0;
  let insideCount = 0;
  const add = (difference: number, position: number): void => {
    if (position % gridPx === 0) {
      across += difference;
      acrossCount += 1;
    } else {
      inside += difference;
      insideCount += 1;
    }
  };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      if (x > 0) add(Math.abs(data[at]! - data[at - 1]!), x);
      if (y > 0) add(Math.abs(data[at]! - data[at - width]!), y);
    }
  }
  if (acrossCount === 0 || insideCount === 0) return Number.NaN;
  const edge = across / acrossCount;
  const inner = inside / insideCount;
  return edge + inner === 0 ? 0 : (edge - inner) / (edge + inner);
}

/** Rows and columns at the borders that hold no pixel above black. */
function measureBars(luma: Plane, out: Float32Array): void {
  const { width, height } = luma;
  const top = blackLines(height, (line) => isBlackRow(luma, line));
  if (top === height) {
    out.fill(Number.NaN);
    return;
  }
  out[0] = top / height;
  out[1] = blackLines(height, (line) => isBlackRow(luma, height - 1 - line)) / height;
  out[2] = blackLines(width, (line) => isBlackColumn(luma, line)) / width;
  out[3] = blackLines(width, (line) => isBlackColumn(luma, width - 1 - line)) / width;
}

function blackLines(count: number, isBlack: (line: number) => boolean): number {
  let line = 0;
  while (line < count && isBlack(line)) line += 1;
  return line;
}

function isBlackRow({ data, width }: Plane, row: number): boolean {
  for (let at = row * width; at < (row + 1) * width; at += 1) if (data[at]! > barLevel) return false;
  return true;
}

function isBlackColumn({ data, width }: Plane, column: number): boolean {
  for (let at = column; at < data.length; at += width) if (data[at]! > barLevel) return false;
  return true;
}
