/** A picture's size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The largest size of the source's shape that fits a box; never larger than the source.
 *
 * The box has no upright: its long side is for the source's long side. Sides are even (some models and codecs
 * ask for it) and at least 2, so that the shape may be off by a pixel.
 */
export function fitSize(source: Size, box: Size): Size {
  const isTurned = source.width < source.height !== box.width < box.height;
  const { width, height } = isTurned ? { width: box.height, height: box.width } : box;
  const scale = Math.min(1, width / source.width, height / source.height);
  return {
    width: evenSide(source.width * scale, Math.min(width, source.width)),
    height: evenSide(source.height * scale, Math.min(height, source.height)),
  };
}

function evenSide(length: number, limit: number): number {
  return Math.max(2, Math.min(2 * Math.round(length / 2), 2 * Math.floor(limit / 2)));
}
