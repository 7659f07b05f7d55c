/** Compares each frame with the one before, for the search for cuts. */
import { BlockMatcher } from './block-matching.ts';
import { chiSquare, colourHistogram, histogramBins } from './histogram.ts';
import { halfPlane, halve, lumaMoments, lumaOf, meanDifference, type Plane, plane } from './luma.ts';
import { thumbnailOf, thumbnailSize } from './thumbnail.ts';

/** What `FrameComparer` finds; the ranges are those of `Film`. */
interface Comparison {
  unexplained: number;
  histogramDistance: number;
  /** Mean absolute difference of luma, 0 to 1; NaN for the first frame. */
  lumaDifference: number;
  lumaMean: number;
  lumaStd: number;
  readonly thumbnail: Uint8Array;
}

interface Picture {
  readonly luma: Plane;
  readonly half: Plane;
  readonly histogram: Uint32Array;
}

/** Takes the frames of one size in their order. Its buffers are allocated once. */
export class FrameComparer {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #matcher: BlockMatcher;
  readonly #found: Comparison;
  #previous: Picture;
  #current: Picture;
  #isFirst = true;

  constructor(size: { readonly width: number; readonly height: number }) {
    this.#size = size;
    this.#previous = emptyPicture(size);
    this.#current = emptyPicture(size);
    this.#matcher = new BlockMatcher(this.#current.half);
    this.#found = {
      unexplained: Number.NaN,
      histogramDistance: Number.NaN,
      lumaDifference: Number.NaN,
      lumaMean: 0,
      lumaStd: 0,
      thumbnail: new Uint8Array(thumbnailSize),
    };
  }

  /**
   * @param rgb uint8, N×height×width×3
   * @param start first element of the frame in `rgb`
   * @returns valid until the next call
   */
  next(rgb: Uint8Array, start: number): Comparison {
    const found = this.#found;
    const current = this.#current;
    const { width, height } = this.#size;
    lumaOf(rgb, start, current.luma);
    halve(current.luma, current.half);
    colourHistogram(rgb, { start, pixels: width * height }, current.histogram);
    thumbnailOf(rgb, { start, width, height }, found.thumbnail);
    const { mean, std } = lumaMoments(current.luma);
    found.lumaMean = mean / 255;
    found.lumaStd = std / 255;
    if (!this.#isFirst) this.#compare(current);
    this.#isFirst = false;
    this.#current = this.#previous;
    this.#previous = current;
    return found;
  }

  #compare(current: Picture): void {
    const previous = this.#previous;
    this.#found.unexplained = this.#matcher.unexplainedShare(previous.half, current.half);
    this.#found.histogramDistance = chiSquare(previous.histogram, current.histogram);
    this.#found.lumaDifference = meanDifference(previous.luma, current.luma) / 255;
  }
}

function emptyPicture({ width, height }: { readonly width: number; readonly height: number }): Picture {
  const luma = plane(width, height);
  return { luma, half: halfPlane(luma), histogram: new Uint32Array(histogramBins) };
}
