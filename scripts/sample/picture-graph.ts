/** The ffmpeg filter graph that draws the sample film's pictures. */
import { blackFrames, dissolveFrames, type FrameSpan, fadeFrames, fps, type Size } from './shots.ts';
import { type PlacedShot, type Timeline, timeline } from './timeline.ts';

/**
 * A graph without inputs whose output `[film]` is the whole film at the given size, yuv420p, square pixels.
 *
 * @param fontFile path of the font that writes the texts
 */
export function pictureGraph(size: Size, fontFile: string): string {
  const { shots } = timeline;
  const chains = shots.map(
    (placed, index) => `${shotChain(placed, { size, next: shots[index + 1] })}[shot${index}]`,
  );
  const dissolveAt = shots.findIndex(({ shot }) => shot.entry === 'dissolve');
  const parts = [
    ...chains,
    `${labels(0, dissolveAt)}concat=n=${dissolveAt}[before]`,
    `${labels(dissolveAt, shots.length)}concat=n=${shots.length - dissolveAt}[after]`,
    `[before][after]${dissolve()},${overlays(timeline, { size, fontFile })},format=yuv420p[film]`,
  ];
  return parts.join(';\n');
}

function shotChain(placed: PlacedShot, around: { size: Size; next: PlacedShot | undefined }): string {
  const { shot, headFrames, tailFrames } = placed;
  const length = headFrames + shot.frames + tailFrames;
  const steps = [
    shot.source(around.size),
    `fps=${fps},trim=end_frame=${length},setpts=PTS-STARTPTS,settb=1/${fps},format=yuv420p,setsar=1`,
  ];
  if (shot.entry === 'dip_to_black') steps.push(`fade=in:0:${fadeFrames}`);
  if (around.next?.shot.entry === 'dip_to_black') steps.push(fadeToBlack(length));
  return steps.join(',');
}

/** The fade filter keeps its black for the frames that `tpad` adds. */
function fadeToBlack(length: number): string {
  return `tpad=stop=${blackFrames}:color=black,fade=out:${length - fadeFrames}:${fadeFrames}`;
}

function dissolve(): string {
  const startFrame = timeline.cuts.find(({ type }) => type === 'dissolve')?.from ?? 0;
  return `xfade=transition=fade:duration=${dissolveFrames / fps}:offset=${startFrame / fps}`;
}

function overlays({ texts, flashes }: Timeline, style: { size: Size; fontFile: string }): string {
  const written = texts.map((text) => `${drawText(text.string, style)}:${during(text)}`);
  const white = flashes.map((flash) => `drawbox=color=white:t=fill:${during(flash)}`);
  return [...written, ...white].join(',');
}

function drawText(string: string, { size, fontFile }: { size: Size; fontFile: string }): string {
  const look = `fontcolor=white:borderw=2:bordercolor=black:fontsize=${Math.round(size.width / 14)}`;
  return `drawtext=fontfile=${quoted(fontFile)}:text=${quoted(string)}:${look}:x=(w-tw)/2:y=(h-th)/2`;
}

function during({ from, to }: FrameSpan): string {
  return `enable='between(n,${from},${to - 1})'`;
}

function labels(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `[shot${from + index}]`).join('');
}

/** A value as two parsers want it: the graph's (quotes) and then the filter's options (backslashes). */
function quoted(value: string): string {
  const option = value.replaceAll(/[\\:']/g, '\\$&');
  return `'${option.replaceAll("'", "'\\''")}'`;
}
