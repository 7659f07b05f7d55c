/** The film's frames as points in a plane: what looks alike lies together. */
import { array } from '../../engine/core/nd-array.ts';
import { principalComponents } from '../dsp/principal-components.ts';
import { cssColour, rampGradient } from './colour-map.ts';
import { html, type Markup } from './markup.ts';
import { percentText } from './number-text.ts';
import { evenly } from './pictures.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

export interface EmbeddingMap {
  readonly markup: Markup;
  /** x and y of each point in the drawing, and its time; for the script. */
  readonly points: readonly (readonly [x: number, y: number, sec: number])[];
}

const mapWidth = 1000;
const mapHeight = 700;
const margin = 50;
/** More would hide each other. */
const mostPoints = 600;

/**
 * The first two principal components of the embeddings, in one scale. The line goes from frame to frame.
 *
 * @returns a line in place of the map where fewer than three frames, or equal ones, span no plane
 */
export function embeddingMap(
  frames: NonNullable<ReportInputs['frame_embeddings']>,
  durationSec: number,
): EmbeddingMap {
  const kept = evenly([...frames.times_sec.data.keys()], mostPoints);
  const timesSec = kept.map((row) => frames.times_sec.data[row]!);
  const { scores, shares } = principalComponents(rowsOf(frames, kept), 2);
  const [across, down = new Float64Array(kept.length)] = scores;
  if (kept.length < 3 || !across)
    return { markup: html`<p class="absent">No map of frames: ${reasonOf(kept.length)}.</p>`, points: [] };
  const place = placing(across, down);
  const points = timesSec.map(
    (sec, at) => [...place(across[at]!, down[at]!), Number(sec.toFixed(3))] as const,
  );
  const line = points.map(([x, y]) => `${x} ${y}`).join('L');
  const dots = points.map(
    ([x, y, sec]) => html`<circle cx="${x}" cy="${y}" r="10" fill="${cssColour(sec / durationSec)}"/>`,
  );
  const markup = html`<figure><figcaption><b>Map of frames</b> near each other: alike to the model</figcaption>
<div class="map" id="map" tabindex="0" role="slider" aria-label="Frame on the map" aria-valuemin="0" aria-valuemax="${durationSec.toFixed(3)}" aria-valuenow="0">
<svg viewBox="0 0 ${mapWidth} ${mapHeight}" role="img" aria-label="Map of ${points.length} frames"><path class="path" d="M${line}"/>${dots}<circle id="here" r="16"/></svg><img id="peek" alt="" hidden></div>
<p class="legend"><span>${timeText(0)}</span><span class="ramp" style="background:${rampGradient}"></span><span>${timeText(durationSec)}</span><span>across: first principal component, ${percentText(shares[0]!)} of the variance; up: second, ${percentText(shares[1] ?? 0)}; no unit</span></p></figure>`;
  return { markup, points };
}

function reasonOf(count: number): string {
  return count < 3 ? `${count} of them span no plane` : 'all look the same to the model';
}

function rowsOf({ embeddings }: NonNullable<ReportInputs['frame_embeddings']>, kept: readonly number[]) {
  const [count = 0, size = 0] = embeddings.shape;
  if (kept.length === count) return embeddings;
  const data = new Float32Array(kept.length * size);
  for (const [at, row] of kept.entries())
    data.set(embeddings.data.subarray(row * size, (row + 1) * size), at * size);
  return array('float32', data, [kept.length, size]);
}

/** Brings both components to the middle of the drawing, as large as fits, in one scale. */
function placing(across: Float64Array, up: Float64Array): (x: number, y: number) => [number, number] {
  const [left, right] = [Math.min(...across), Math.max(...across)];
  const [bottom, top] = [Math.min(...up), Math.max(...up)];
  const scale = Math.min(
    (mapWidth - 2 * margin) / (right - left),
    top > bottom ? (mapHeight - 2 * margin) / (top - bottom) : Infinity,
  );
  return (x, y) => [
    rounded(mapWidth / 2 + (x - (left + right) / 2) * scale),
    rounded(mapHeight / 2 - (y - (bottom + top) / 2) * scale),
  ];
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}
