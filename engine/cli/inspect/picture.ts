import type { NumberArray, NumpyArray } from '../../core/numpy-array.ts';
import type { Screen } from '../screen.ts';
import { type Colour, drawRaster } from './raster.ts';
import { meanOf } from './sparkline.ts';

type Frames = NumberArray & { readonly data: Uint8Array };

/** True for frames of red, green and blue: uint8, [frames, height, width, 3] or one frame of them. */
export function isFrames(array: NumpyArray): array is Frames {
  const { dtype, shape, data } = array;
  return (
    dtype === 'uint8' && (shape.length === 4 || shape.length === 3) && shape.at(-1) === 3 && data.length > 0
  );
}

/** The first frame, small. @param widest characters @param lines lines of text at most */
export function picture(
  { shape, data }: Frames,
  screen: Screen,
  { widest, lines }: { widest: number; lines: number },
): string[] {
  const [rows = 0, columns = 0] = shape.slice(-3);
  const scale = Math.max(1, columns / Math.min(widest, screen.columns), rows / (lines * 2));
  const width = Math.max(1, Math.floor(columns / scale));
  const height = Math.max(1, Math.floor(rows / scale));
  const part = (x: number, y: number, channel: number): number => {
    const [left, right] = [Math.floor((x * columns) / width), Math.floor(((x + 1) * columns) / width)];
    const [top, bottom] = [Math.floor((y * rows) / height), Math.floor(((y + 1) * rows) / height)];
    return meanOf((right - left) * (bottom - top), (index) => {
      const [column, row] = [left + (index % (right - left)), top + Math.floor(index / (right - left))];
      return data[(row * columns + column) * 3 + channel]!;
    });
  };
  const colour = (x: number, y: number): Colour => [part(x, y, 0), part(x, y, 1), part(x, y, 2)];
  return drawRaster({ width, height, colour, level: (x, y) => luma(colour(x, y)) / 255 }, screen);
}

/** Recommendation ITU-R BT.709: how light a colour is, 0 to 255. */
function luma([red, green, blue]: Colour): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
