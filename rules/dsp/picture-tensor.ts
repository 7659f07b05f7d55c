/** Pictures of 8 bits as the tensors that models take: resized, placed, their channels ordered, their values scaled. */
import type { PictureSpec } from '../../engine/core/model-entry.ts';
import { type Tensor, tensor } from '../../engine/core/tensor.ts';
import { type AxisWeights, axisWeights } from './axis-weights.ts';

/** Pictures of one size, one after the other. */
export interface Pictures {
  /** uint8, count×height×width×3, C order. */
  readonly rgb: Uint8Array;
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/** Where the whole picture lies in the tensor, in the tensor's pixels; it may reach beyond the tensor's edges. */
export interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Size = Pick<Pictures, 'width' | 'height'>;

/**
 * Pictures as one batch.
 *
 * Resizing is bilinear with half-pixel centres; where it makes a picture smaller, the triangle grows with it, so that
 * every pixel counts (as Pillow's BILINEAR and `antialias=True` of PyTorch do). Nothing is rounded to whole levels.
 *
 * @returns float32, count×C×height×width, or count×height×width×C for `nhwc`. C is 3, or 1 for `luma`
 * (0.299 R + 0.587 G + 0.114 B, ITU-R BT.601). Values are (level · scale − mean) / std
 */
export function pictureTensor(pictures: Pictures, spec: PictureSpec): Tensor<'float32'> {
  const drawing = drawingOf(pictures, placementOf(pictures, spec), spec);
  const size = sizeOf(spec);
  const data = new Float32Array(pictures.count * size);
  for (let at = 0; at < pictures.count; at += 1) draw(pictures, at, drawing, data.subarray(at * size));
  return tensor('float32', data, shapeOf(pictures.count, spec));
}

/** As `pictureTensor`, of parts of pictures: each crop says which picture it is of, and where that picture lies. */
export function cropTensor(
  pictures: Pictures,
  crops: readonly { readonly picture: number; readonly placement: Placement }[],
  spec: PictureSpec,
): Tensor<'float32'> {
  const size = sizeOf(spec);
  const data = new Float32Array(crops.length * size);
  for (const [at, { picture, placement }] of crops.entries()) {
    draw(pictures, picture, drawingOf(pictures, placement, spec), data.subarray(at * size));
  }
  return tensor('float32', data, shapeOf(crops.length, spec));
}

/**
 * Where a picture of this size lies in the tensor, after the `resize` of the model's entry.
 *
 * `stretch` fills the tensor. `letterbox` puts the picture at the top left, as large as fits, its sides rounded to whole
 * pixels. `cover` brings the shorter side to `short_side` (or to what covers the tensor, if that is more) and centres it.
 */
export function placementOf(picture: Size, spec: PictureSpec): Placement {
  const across = spec.width / picture.width;
  const down = spec.height / picture.height;
  switch (spec.resize) {
    case 'stretch':
      return { left: 0, top: 0, width: spec.width, height: spec.height };
    case 'letterbox':
      return { left: 0, top: 0, ...scaled(picture, Math.min(across, down)) };
    case 'cover': {
      const asked = (spec.short_side ?? 0) / Math.min(picture.width, picture.height);
      const { width, height } = scaled(picture, Math.max(across, down, asked));
      const left = Math.trunc((spec.width - width) / 2);
      return { left, top: Math.trunc((spec.height - height) / 2), width, height };
    }
    default:
      throw new TypeError(`unknown resize ${spec.resize satisfies never}`);
  }
}

/** Where a picture lies in a tensor that shows only a region of it; the region is in pixels of the picture. */
export function placementOfRegion(picture: Size, region: Placement, { width, height }: Size): Placement {
  const across = width / region.width;
  const down = height / region.height;
  return {
    left: -region.left * across,
    top: -region.top * down,
    width: picture.width * across,
    height: picture.height * down,
  };
}

/** Coordinates in the tensor, in its pixels, as fractions of the picture's width and height; less than 0 or more than 1 outside. */
export function toFractions(placement: Placement, x: number, y: number): readonly [number, number] {
  return [(x - placement.left) / placement.width, (y - placement.top) / placement.height];
}

function scaled({ width, height }: Size, scale: number): Size {
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function shapeOf(count: number, { width, height, colour, layout }: PictureSpec): number[] {
  const channels = colour === 'luma' ? 1 : 3;
  return layout === 'nchw' ? [count, channels, height, width] : [count, height, width, channels];
}

function sizeOf(spec: PictureSpec): number {
  return shapeOf(1, spec).reduce((product, length) => product * length);
}

/** What all pictures of one size and placement share. */
interface Drawing {
  readonly spec: PictureSpec;
  readonly columns: AxisWeights;
  readonly rows: AxisWeights;
  /** One row of the picture, of the tensor's height already; red, green and blue of each pixel. */
  readonly row: Float32Array;
  /** The same row, of the tensor's width too. */
  readonly line: Float32Array;
  readonly channels: readonly Channel[];
}

/** A channel of the tensor: gain · (red, green, blue) + offset. */
interface Channel {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly offset: number;
  /** What a place where no picture lies holds. */
  readonly fill: number;
}

function drawingOf(picture: Size, { left, top, width, height }: Placement, spec: PictureSpec): Drawing {
  return {
    spec,
    columns: axisWeights({ count: spec.width, start: left, extent: width, length: picture.width }),
    rows: axisWeights({ count: spec.height, start: top, extent: height, length: picture.height }),
    row: new Float32Array(3 * picture.width),
    line: new Float32Array(3 * spec.width),
    channels: channelsOf(spec),
  };
}

const mixes = {
  rgb: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  bgr: [
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  luma: [[0.299, 0.587, 0.114]],
} as const;

function channelsOf({ colour, scale, mean, std, fill }: PictureSpec): Channel[] {
  return mixes[colour].map(([red, green, blue], channel) => {
    const gain = scale / std[channel]!;
    const offset = -mean[channel]! / std[channel]!;
    return { red: red * gain, green: green * gain, blue: blue * gain, offset, fill: fill * gain + offset };
  });
}

/** Draws one picture into the first elements of `out`. */
function draw(pictures: Pictures, picture: number, drawing: Drawing, out: Float32Array): void {
  const start = picture * pictures.height * drawing.row.length;
  for (let y = 0; y < drawing.spec.height; y += 1) {
    if (drawing.rows.counts[y] !== 0) {
      blendRows(pictures.rgb, start, drawing, y);
      blendColumns(drawing);
    }
    for (let channel = 0; channel < drawing.channels.length; channel += 1) {
      writeLine(drawing, { y, channel }, out);
    }
  }
}

/** Fills `row` with the weighted sum of the rows of the picture that row `y` of the tensor is made of. */
function blendRows(rgb: Uint8Array, start: number, { rows, row }: Drawing, y: number): void {
  const { firsts, counts, weights, taps } = rows;
  for (let tap = 0; tap < counts[y]!; tap += 1) {
    const weight = weights[y * taps + tap]!;
    const from = start + (firsts[y]! + tap) * row.length;
    if (tap === 0) for (let at = 0; at < row.length; at += 1) row[at] = weight * rgb[from + at]!;
    else for (let at = 0; at < row.length; at += 1) row[at]! += weight * rgb[from + at]!;
  }
}

/** Fills `line` with the weighted sums of the pixels of `row`. */
function blendColumns({ columns: { firsts, counts, weights, taps }, row, line }: Drawing): void {
  for (let x = 0, to = 0; to < line.length; x += 1, to += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    const count = counts[x]!;
    for (let tap = x * taps, end = tap + count, at = 3 * firsts[x]!; tap < end; tap += 1, at += 3) {
      const weight = weights[tap]!;
      red += weight * row[at]!;
      green += weight * row[at + 1]!;
      blue += weight * row[at + 2]!;
    }
    line[to] = red;
    line[to + 1] = green;
    line[to + 2] = blue;
  }
}

/** Writes one channel of `line` as row `y` of the tensor. */
function writeLine(
  { spec, columns, rows, line, channels }: Drawing,
  { y, channel }: { readonly y: number; readonly channel: number },
  out: Float32Array,
): void {
  const { red, green, blue, offset, fill } = channels[channel]!;
  const isPlanar = spec.layout === 'nchw';
  const step = isPlanar ? 1 : channels.length;
  let to = isPlanar ? (channel * spec.height + y) * spec.width : y * spec.width * step + channel;
  for (let x = 0, at = 0; x < spec.width; x += 1, at += 3, to += step) {
    const isCovered = rows.counts[y] !== 0 && columns.counts[x] !== 0;
    out[to] = isCovered ? red * line[at]! + green * line[at + 1]! + blue * line[at + 2]! + offset : fill;
  }
}
