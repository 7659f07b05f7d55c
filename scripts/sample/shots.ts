/** The sample film's shots and what happens between them, as data: pictures and truth are both made from it. */

const panFrames = 120;

export const shots: readonly Shot[] = [
  { name: 'title', frames: 120, source: title, texts: [{ string: 'FLOW SAMPLE FILM', from: 15, to: 105 }] },
  { name: 'test_pattern', frames: 105, source: testPattern },
  { name: 'pan', frames: panFrames, source: pan, cameraPxPerFrame: panPxPerFrame },
  { name: 'stripes', frames: 90, source: stripes },
  {
    name: 'rings',
    frames: 90,
    source: rings,
    cutRemark: 'brightness and colour stay the same, structure changes',
  },
  { name: 'cells', frames: 180, source: cells },
  { name: 'carpet', frames: 165, source: carpet, entry: 'dissolve' },
  { name: 'zoom', frames: 180, source: zoom, flashes: [{ from: 90, to: 92 }] },
  { name: 'grain', frames: 264, source: grain, entry: 'dip_to_black' },
  { name: 'bars', frames: 120, source: bars, texts: [{ string: 'THE END', from: 15, to: 105 }] },
];

export const fps = 30;
/** Frames from the last one of pure old shot to the first one of pure new shot; the shots meet in the middle. */
export const dissolveFrames = 30;
/** Frames of each of the two fades; they belong to the shots that fade. */
export const fadeFrames = 24;
/** Black frames between the fades; they belong to no shot. */
export const blackFrames = 6;

/** A picture's size in pixels; both even, as 4:2:0 sampling needs. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Frames of a shot, counted from its first: `from` is inside, `to` is not. */
export interface FrameSpan {
  readonly from: number;
  readonly to: number;
}

export interface Shot {
  readonly name: string;
  /** From this shot's cut to the next (of a dissolve: its middle; of a dip to black: the fade's black end). */
  readonly frames: number;
  /** An ffmpeg filter chain without inputs that gives at least `frames` frames at `fps`. */
  readonly source: (size: Size) => string;
  /** How the shot begins; a hard cut unless given. */
  readonly entry?: 'dissolve' | 'dip_to_black';
  readonly cutRemark?: string;
  readonly texts?: readonly (FrameSpan & { readonly string: string })[];
  /** All-white frames inside the shot: what a detector must not take for cuts. */
  readonly flashes?: readonly FrameSpan[];
  /** Speed of the camera's movement, where the whole shot has one, in pixels of the given size per frame. */
  readonly cameraPxPerFrame?: (size: Size) => number;
}

function title({ width, height }: Size): string {
  const colours = 'n=2:c0=0x0b1d3a:c1=0x1f6f78';
  return `gradients=s=${width}x${height}:r=${fps}:seed=1:speed=0.008:${colours}:x0=0:y0=0:x1=${width}:y1=${height}`;
}

// The pattern's own clock stands in its upper left corner. It is cropped away: film text is only what truth lists.
function testPattern({ width, height }: Size): string {
  const [wide, high] = [even(width * 1.25), even(height * 1.25)];
  const crop = `crop=${width}:${height}:${wide - width}:${high - height}`;
  return `testsrc2=s=${wide}x${high}:r=${fps},${crop},eq=saturation=0.7`;
}

/** The still's sides, in those of the picture. */
const panStill = 2.5;

/** The camera goes round an ellipse over a large still, once in the shot. */
function pan({ width, height }: Size): string {
  const [wide, high] = [even(width * panStill), even(height * panStill)];
  const place = 'start_x=-1.25:start_y=0.02:start_scale=0.5:maxiter=300:inner=convergence';
  const turn = `2*PI*n/${panFrames}`;
  const crop = `crop=${width}:${height}:x='(iw-ow)/2*(1-cos(${turn}))':y='(ih-oh)/2*(1+sin(${turn}))'`;
  return `${still(`mandelbrot=s=${wide}x${high}:r=${fps}:${place},${tint(25, 0.5)}`)},${crop}`;
}

/** Mean over the shot, by Ramanujan's first formula for the perimeter of an ellipse. */
function panPxPerFrame({ width, height }: Size): number {
  const [a, b] = [(width * (panStill - 1)) / 2, (height * (panStill - 1)) / 2];
  const perimeter = Math.PI * (3 * (a + b) - Math.sqrt((3 * a + b) * (a + 3 * b)));
  return perimeter / panFrames;
}

function stripes(size: Size): string {
  return `${wave(size, 'X')},crop=${size.width}:${size.height}:x=n:y=0`;
}

function rings(size: Size): string {
  const { width, height } = size;
  return `${wave(size, `hypot(X-${width},Y-${height})`)},crop=${width}:${height}:x=${width / 2}+n:y=${height / 2}`;
}

/**
 * A blue still of twice the size whose brightness is a sine of `distance`, six waves to a width: whatever the shape
 * of the waves, each level of brightness covers the same area.
 */
function wave({ width, height }: Size, distance: string): string {
  const planes = `geq=lum='128+70*sin(${distance}*12*PI/${width})':cb=148:cr=103`;
  return still(`color=s=${2 * width}x${2 * height}:r=${fps},format=yuv420p,trim=end_frame=1,${planes}`);
}

// Three generations a second, each melting into the next: raw generations would flicker like cuts. The first 21 go.
function cells({ width, height }: Size): string {
  const colours = 'mold=8:life_color=0xf2c14e:death_color=0x31572c:mold_color=0x132a13';
  const life = `life=s=${even(width / 10)}x${even(height / 10)}:r=3:seed=7:ratio=0.3:${colours}`;
  const settled = 'trim=start=7,setpts=PTS-STARTPTS';
  return `${life},${settled},scale=${width}:${height}:flags=bicubic,framerate=fps=${fps}:interp_start=0:interp_end=255:scene=100`;
}

// Blurred, since the carpet is ever finer black and white: without it each step of the camera changes every pixel.
function carpet({ width, height }: Size): string {
  const pattern = `sierpinski=s=${2 * width}x${2 * height}:r=${fps}:seed=3,trim=end_frame=1,gblur=sigma=5`;
  const crop = `crop=${width}:${height}:x=n:y=${height / 2}`;
  return `${still(`${pattern},${tint(270, 0.35)}`)},${crop}`;
}

function zoom({ width, height }: Size): string {
  const place = 'start_x=-0.1011:start_y=0.9563:start_scale=0.6:end_scale=0.2:end_pts=240';
  return `mandelbrot=s=${width}x${height}:r=${fps}:maxiter=200:inner=black:${place},hue=h=120:s=0.7`;
}

function grain({ width, height }: Size): string {
  const [columns, rows] = [even(width / 6), even(height / 12 + 1)]; // Never less than the picture is high.
  const automaton = `cellauto=s=${columns}x${rows}:r=${fps}:rule=90:seed=5:ratio=0.5:start_full=1,trim=end_frame=1`;
  const large = `${automaton},scale=${12 * columns}:${12 * rows}:flags=bicubic,eq=contrast=0.5,${tint(45, 0.25)}`;
  return `${still(large)},crop=${width}:${height}:x=n:y=0,noise=alls=8:allf=t:all_seed=1`;
}

function bars({ width, height }: Size): string {
  return `smptehdbars=s=${width}x${height}:r=${fps}`;
}

/** The first frame of a source, for ever. */
function still(source: string): string {
  return `${source},trim=end_frame=1,loop=loop=-1:size=1,setpts=N/${fps}/TB`;
}

function tint(hueDegrees: number, saturation: number): string {
  return `format=gray,format=yuv420p,colorize=hue=${hueDegrees}:saturation=${saturation}`;
}

function even(length: number): number {
  return 2 * Math.round(length / 2);
}
