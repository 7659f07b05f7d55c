/** Pictures of text: two pixels a character in colours (▀), one shade a character without (░▒▓█). */
import type { Screen } from '../screen.ts';

/** Red, green and blue, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

export interface Raster {
  readonly width: number;
  /** Rows of pixels; a line of text shows two of them. */
  readonly height: number;
  /** 0 (dark) to 1 (light); NaN where there is nothing. */
  level(x: number, y: number): number;
  /** Absent where there is nothing. */
  colour(x: number, y: number): Colour | undefined;
}

export function drawRaster(raster: Raster, { colourBits }: Screen): string[] {
  const draw = colourBits >= 8 ? colouredCell : shadedCell;
  return Array.from({ length: Math.ceil(raster.height / 2) }, (_, line) => {
    const cells = Array.from({ length: raster.width }, (_, x) => draw(raster, x, line * 2, colourBits));
    return cells.join('').trimEnd() + (colourBits >= 8 ? '\x1b[0m' : '');
  });
}

const shades = ' ░▒▓█';

function shadedCell(raster: Raster, x: number, y: number): string {
  const both = [raster.level(x, y), y + 1 < raster.height ? raster.level(x, y + 1) : Number.NaN].filter(
    Number.isFinite,
  );
  if (both.length === 0) return '·';
  const level = both.reduce((sum, one) => sum + one, 0) / both.length;
  return shades[Math.min(shades.length - 1, Math.floor(level * shades.length))]!;
}

function colouredCell(raster: Raster, x: number, y: number, colourBits: number): string {
  const top = ground(38, raster.colour(x, y), colourBits);
  const bottom = ground(48, y + 1 < raster.height ? raster.colour(x, y + 1) : undefined, colourBits);
  // The lower half alone, where there is nothing above.
  if (top === undefined && bottom === undefined) return '\x1b[0m ';
  if (top === undefined) return `\x1b[0m${bottom!.replace('[48', '[38')}▄`;
  return `${bottom ?? '\x1b[49m'}${top}▀`;
}

/** The sequence that sets a colour. @param layer 38 for the character, 48 for what is behind it */
function ground(layer: 38 | 48, colour: Colour | undefined, colourBits: number): string | undefined {
  if (!colour) return undefined;
  return colourBits >= 24
    ? `\x1b[${layer};2;${colour.map(Math.round).join(';')}m`
    : `\x1b[${layer};5;${indexOf256(colour)}m`;
}

/** The nearest colour of the cube of 6 × 6 × 6 that 256 colours have. */
function indexOf256(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => Math.round((part / 255) * 5));
  return 16 + 36 * red! + 6 * green! + blue!;
}
