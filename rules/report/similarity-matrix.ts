/** The self-similarity matrix of a film, with the parts of its story and its repeats. */
import { rampGradient } from './colour-map.ts';
import { html, type Markup } from './markup.ts';
import { signedText } from './number-text.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

export interface SimilarityMatrix {
  readonly markup: Markup;
  /** For the script; without it there is nothing to draw. */
  readonly data?: MatrixData;
}

export interface MatrixData {
  /** Where each column begins, and the end of the last; seconds. */
  readonly edgesSec: readonly number[];
  /** Rows from the first on, each up to its own column: a character a cell, of 64 levels from `low` to 1. */
  readonly cells: string;
  /** Cosine of the lowest level. */
  readonly low: number;
}

type Embeddings = NonNullable<ReportInputs['frame_embeddings']>;

/** More pixels than this do not fit beside the map. */
const mostColumns = 200;
/** One character for each level, in their order. */
export const levelCharacters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @returns a line in place of the matrix where there are fewer than two frames */
export function similarityMatrix(
  inputs: ReportInputs,
  frames: Embeddings,
  durationSec: number,
): SimilarityMatrix {
  const count = frames.times_sec.data.length;
  if (count < 2) return { markup: html`<p class="absent">No similarity matrix: one frame alone.</p>` };
  const data = matrixData(frames, durationSec);
  const { story, uniqueness } = inputs;
  const repeats = uniqueness?.repeat_a_start_sec.data.length ?? 0;
  const end = timeText(durationSec);
  const markup = html`<figure><figcaption><b>Self-similarity</b> each frame with each: cosine of their embeddings</figcaption>
<div class="matrix" id="matrix" tabindex="0" role="img" aria-label="Similarity of each frame with each, ${data.edgesSec.length - 1} by ${data.edgesSec.length - 1}">
<canvas width="600" height="600"></canvas>
<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">${story ? partSquares(story, durationSec) : ''}${uniqueness ? repeatBoxes(uniqueness, durationSec) : ''}<path id="cross"/></svg></div>
<p class="ends"><span>${timeText(0)}</span><span>time, across and down</span><span>${end}</span></p>
<p class="pair"><img alt="" hidden><img alt="" hidden><output id="pair">Move over the matrix, or use the arrow keys on it.</output></p>
<p class="legend"><span>${signedText(data.low, 2)}</span><span class="ramp" style="background:${rampGradient}"></span><span>1 alike</span>${story ? html`<span class="key part"><i></i>parts of the story</span>` : ''}${repeats > 0 ? html`<span class="key repeat"><i></i>shown again</span>` : ''}</p></figure>`;
  return { markup, data };
}

function matrixData(frames: Embeddings, durationSec: number): MatrixData {
  const groups = groupsOf(frames.times_sec.data.length);
  const means = groups.map((group) => meanOf(frames, group));
  const cosines = means.flatMap((row, at) => means.slice(0, at + 1).map((other) => dot(row, other)));
  const low = Math.min(
    0.8,
    Math.floor(cosines.reduce((least, cosine) => Math.min(least, cosine), 1) * 20) / 20,
  );
  const levelOf = (cosine: number) => Math.round((63 * (Math.min(1, cosine) - low)) / (1 - low));
  const starts = groups.map(({ from }) => Number(frames.times_sec.data[from]!.toFixed(3)));
  return {
    edgesSec: [...starts, Number(Math.max(durationSec, starts.at(-1)!).toFixed(3))],
    cells: cosines.map((cosine) => levelCharacters[levelOf(cosine)]).join(''),
    low,
  };
}

interface Group {
  readonly from: number;
  readonly to: number;
}

/** Frames side by side that share a column. */
function groupsOf(count: number): Group[] {
  const columns = Math.min(count, mostColumns);
  return Array.from({ length: columns }, (_, column) => ({
    from: Math.floor((column * count) / columns),
    to: Math.floor(((column + 1) * count) / columns),
  }));
}

/** The product of two means is the mean of the cosines of all pairs. */
function meanOf({ embeddings: { data, shape } }: Embeddings, { from, to }: Group): Float64Array {
  const size = shape[1] ?? 0;
  const mean = new Float64Array(size);
  for (let at = from * size; at < to * size; at += 1) mean[at % size]! += data[at]! / (to - from);
  return mean;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function partSquares({ boundary_sec }: NonNullable<ReportInputs['story']>, durationSec: number): Markup {
  const edges = [0, ...boundary_sec.data, durationSec].map((sec) => placeOf(sec, durationSec));
  const squares = edges
    .slice(1)
    .map((to, part) => `M${edges[part]} ${edges[part]}H${to}V${to}H${edges[part]}Z`);
  return outlined('part', squares.join(''));
}

/** Both above and below the diagonal. */
function repeatBoxes(uniqueness: NonNullable<ReportInputs['uniqueness']>, durationSec: number): Markup {
  const place = (sec: number) => placeOf(sec, durationSec);
  const boxes = Array.from(uniqueness.repeat_a_start_sec.data, (start, repeat) => {
    const [aFrom, aTo] = [place(start), place(uniqueness.repeat_a_end_sec.data[repeat]!)];
    const [bFrom, bTo] = [
      place(uniqueness.repeat_b_start_sec.data[repeat]!),
      place(uniqueness.repeat_b_end_sec.data[repeat]!),
    ];
    return `M${aFrom} ${bFrom}H${aTo}V${bTo}H${aFrom}ZM${bFrom} ${aFrom}H${bTo}V${aTo}H${bFrom}Z`;
  });
  return boxes.length === 0 ? html`` : outlined('repeat', boxes.join(''));
}

/** Drawn twice, dark under light: to be seen on every colour. */
function outlined(name: string, d: string): Markup {
  return html`<path class="under" d="${d}"/><path class="${name}" d="${d}"/>`;
}

function placeOf(sec: number, durationSec: number): number {
  return Math.round((10_000 * Math.min(sec, durationSec)) / durationSec) / 10;
}
