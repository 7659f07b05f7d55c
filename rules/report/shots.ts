/** The shots of a film: on the time axis, as a strip of pictures, and as a table of their quality. */
import { fieldHeight, fieldWidth, xOf } from './curves.ts';
import { html, type Markup } from './markup.ts';
import { emptyPanel } from './panel.ts';
import type { Pictures } from './pictures.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

/** The first panel: a row of pictures that the script fills, the shots under it, and the transitions between them. */
export function shotPanel({ shots, cuts }: ReportInputs, durationSec: number): Markup {
  if (!shots) return html``;
  if (shots.start_sec.data.length === 0)
    return emptyPanel('Shots', shots.meta.empty_reason ?? 'no shots').markup;
  const blocks = [...shots.start_sec.data].map((start, shot) => {
    const x = xOf(start, { durationSec });
    const width = xOf(shots.end_sec.data[shot]!, { durationSec }) - x;
    return html`<rect class="${shot % 2 ? 'odd' : 'even'}" x="${x}" y="0" width="${Math.max(0, width).toFixed(1)}" height="${fieldHeight}"/>`;
  });
  const types = cuts ? [...cuts.types.data] : [];
  const lines = types.map((type, index) => {
    const x = xOf(cuts!.times_sec.data[index]!, { durationSec });
    return html`<path class="cut ${type}" d="M${x} 0V${fieldHeight}"/>`;
  });
  return html`<section class="panel shots"><h3><span class="name">Shots</span> <span class="note">${legendOf(types)}</span></h3>
<div class="film" aria-hidden="true"></div>
<div class="field"><svg viewBox="0 0 ${fieldWidth} ${fieldHeight}" preserveAspectRatio="none" role="img" aria-label="Shots">${blocks}${lines}</svg></div></section>`;
}

/** Each kind of transition as one and as several of it are called. */
const typeNames: Readonly<Record<string, readonly [one: string, many: string]>> = {
  hard: ['hard cut', 'hard cuts'],
  fade_in: ['fade in', 'fades in'],
  fade_out: ['fade out', 'fades out'],
  dissolve: ['dissolve', 'dissolves'],
};

function legendOf(types: readonly string[]): Markup[] {
  return [...Map.groupBy(types, (type) => type)].map(([type, { length }]) => {
    const [one, many] = typeNames[type] ?? [type, type];
    return html`<span class="kind ${type}"><i></i>${length} ${length === 1 ? one : many}</span>`;
  });
}

/** One picture a shot, from its middle; the script sets them when they come into view. A film of one shot needs no strip. */
export function shotStrip({ shots }: ReportInputs, pictures: Pictures): Markup {
  if (!shots || shots.start_sec.data.length < 2) return html``;
  const cells = [...shots.start_sec.data].map((start, shot) => {
    const lengthSec = shots.end_sec.data[shot]! - start;
    const middle = (start + lengthSec / 2).toFixed(3);
    return html`<li><button type="button" data-time="${middle}" aria-label="Shot ${shot + 1} at ${timeText(start, 1)}">${pictureOf(pictures, shot)}
<span><b>${shot + 1}</b> ${timeText(start, 1)}</span><span class="length">${lengthSec.toFixed(1)} s</span></button></li>`;
  });
  return html`<ol class="strip" aria-label="Shots">${cells}</ol>`;
}

function pictureOf({ ofShots, width, height }: Pictures, shot: number): Markup {
  const picture = ofShots[shot]!;
  if (picture < 0)
    return html`<span class="blank" title="Shorter than the distance of two thumbnails"></span>`;
  return html`<img data-picture="${picture}" width="${width}" height="${height}" alt="">`;
}

interface Column {
  readonly name: string;
  readonly digits: number;
  /** Value of a full bar; without it the highest of all shots. */
  readonly full?: number;
  readonly values: ArrayLike<number>;
}

/** Medians of each shot, with a bar in each cell; nothing where they are not there. */
export function qualityTable({ shot_quality: quality }: ReportInputs): Markup {
  if (!quality) return html``;
  const table =
    quality.start_sec.data.length === 0
      ? html`<p class="absent">${quality.meta.empty_reason ?? 'no shots'}</p>`
      : tableOf(quality);
  return html`<section><h2>Quality of each shot</h2>${table}</section>
`;
}

function tableOf(quality: NonNullable<ReportInputs['shot_quality']>): Markup {
  const starts = [...quality.start_sec.data];
  const columns: Column[] = [
    { name: 'Sharpness', digits: 2, values: quality.sharpness.data },
    { name: 'Exposure', digits: 2, full: 1, values: quality.exposure.data },
    { name: 'Contrast', digits: 2, full: 0.5, values: quality.contrast.data },
    { name: 'Noise', digits: 3, values: quality.noise.data },
    { name: 'Colour', digits: 2, values: quality.colourfulness.data },
    { name: 'Black bars', digits: 2, full: 1, values: barShares(quality.letterbox.data) },
  ];
  const fulls = columns.map(
    ({ full, values }) => full ?? Math.max(1e-9, ...Array.from(values, (value) => value || 0)),
  );
  const rows = starts.map((start, shot) => {
    const lengthSec = quality.end_sec.data[shot]! - start;
    const cells = columns.map(({ values, digits }, column) => cellOf(values[shot]!, digits, fulls[column]!));
    return html`<tr data-time="${(start + lengthSec / 2).toFixed(3)}"><th scope="row">${shot + 1}</th><td>${timeText(start, 1)}</td><td>${lengthSec.toFixed(1)} s</td>${cells}</tr>
`;
  });
  return html`<div class="table"><table><thead><tr><th scope="col">Shot</th><th scope="col">Start</th><th scope="col">Length</th>${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

/** The share of the picture that is under black bars, from the shares of each side. */
function barShares(letterbox: Float32Array): number[] {
  return Array.from({ length: letterbox.length / 4 }, (_, shot) => {
    const [top, bottom, left, right] = letterbox.subarray(4 * shot, 4 * shot + 4);
    return 1 - (1 - top! - bottom!) * (1 - left! - right!);
  });
}

function cellOf(value: number, digits: number, full: number): Markup {
  if (Number.isNaN(value)) return html`<td class="part">–</td>`;
  const part = Math.min(1, Math.max(0, value / full)).toFixed(2);
  return html`<td class="part" style="--part:${part}">${value.toFixed(digits)}</td>`;
}
