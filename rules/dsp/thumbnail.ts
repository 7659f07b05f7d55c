/** Very small pictures that stand for a frame where frames far apart are compared. */

export const thumbnailWidth = 16;
export const thumbnailHeight = 9;
/** Elements of a thumbnail: 9×16×3. */
export const thumbnailSize = thumbnailWidth * thumbnailHeight * 3;

/**
 * Mean colours of the 16×9 fields of a picture; fields of a picture smaller than that repeat pixels.
 *
 * @param rgb uint8, N×height×width×3
 * @param picture `start`: its first element in `rgb`; `width` and `height` in pixels
 * @param out [9×16×3], overwritten
 */
export function thumbnailOf(
  rgb: Uint8Array,
  picture: { readonly start: number; readonly width: number; readonly height: number },
  out: Uint8Array,
): void {
  const { start, width, height } = picture;
  let at = 0;
  for (let row = 0; row < thumbnailHeight; row += 1) {
    const top = Math.floor((row * height) / thumbnailHeight);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / thumbnailHeight));
    for (let column = 0; column < thumbnailWidth; column += 1) {
      const left = Math.floor((column * width) / thumbnailWidth);
      const right = Math.max(left + 1, Math.floor(((column + 1) * width) / thumbnailWidth));
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = top; y < bottom; y += 1) {
        for (
          let pixel = start + 3 * (y * width + left);
          pixel < start + 3 * (y * width + right);
          pixel += 3
        ) {
          red += rgb[pixel]!;
          green += rgb[pixel + 1]!;
          blue += rgb[pixel + 2]!;
        }
      }
      const pixels = (bottom - top) * (right - left);
      out[at] = red / pixels + 0.5;
      out[at + 1] = green / pixels + 0.5;
      out[at + 2] = blue / pixels + 0.5;
      at += 3;
    }
  }
}
