/** Whether a picture, as the entry of a model describes it, can become a tensor of the shape that the entry names. */

export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  readonly colour: 'rgb' | 'bgr' | 'luma';
  readonly layout: 'nchw' | 'nhwc';
}

export interface PictureMisfit {
  readonly key: 'layout' | Axis[0];
  readonly message: string;
  readonly fix: string;
}

/** How a picture contradicts the shape of its tensor; undefined if it does not, or the shape leaves it open. */
export function pictureMisfit(
  picture: PictureLayout,
  shape: readonly (number | string)[],
): PictureMisfit | undefined {
  if (shape.length !== 4) return undefined;
  const isWrong = ([, at, lengths]: Axis): boolean =>
    typeof shape[at] === 'number' && !lengths.includes(shape[at]);
  const wrong = axesOf(picture).find(isWrong);
  if (!wrong) return undefined;
  const other = picture.layout === 'nchw' ? 'nhwc' : 'nchw';
  const [key, at] = wrong;
  const found = `does not fit the shape [${shape.join(', ')}], whose axis ${at + 1} is ${shape[at]} long`;
  if (!axesOf({ ...picture, layout: other }).some(isWrong))
    return { key: 'layout', message: `"${picture.layout}" ${found}`, fix: `Write "${other}".` };
  const fix =
    key === 'colour'
      ? 'rgb and bgr have 3 channels, luma has 1: correct it, "shape" or "layout".'
      : `Write ${shape[at]}, or correct "shape" or "layout".`;
  return { key, message: `"${picture[key]}" ${found}`, fix };
}

type Axis = readonly [name: 'width' | 'height' | 'colour', at: number, lengths: readonly number[]];

/** The axes of a picture's tensor. A model of pairs may have both pictures as the channels of one input. */
function axesOf({ width, height, colour, layout }: PictureLayout): Axis[] {
  const [down, across, channel] = layout === 'nchw' ? [2, 3, 1] : [1, 2, 3];
  const channels = colour === 'luma' ? [1, 2] : [3, 6];
  return [
    ['colour', channel, channels],
    ['height', down, [height]],
    ['width', across, [width]],
  ];
}
