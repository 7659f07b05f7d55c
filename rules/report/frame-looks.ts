/** What the embeddings of the frames show: the map and the matrix. */
import { type EmbeddingMap, embeddingMap } from './embedding-map.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInputs } from './report-inputs.ts';
import { type MatrixData, similarityMatrix } from './similarity-matrix.ts';

export interface FrameLooks {
  readonly markup: Markup;
  readonly data: { readonly map?: EmbeddingMap['points']; readonly matrix?: MatrixData };
}

/** @returns nothing without embeddings; a line where they are of no frame */
export function frameLooks(inputs: ReportInputs, durationSec: number): FrameLooks {
  const { frame_embeddings: frames } = inputs;
  if (!frames) return { markup: html``, data: {} };
  if (frames.times_sec.data.length === 0)
    return {
      markup: section(html`<p class="absent">${frames.meta.empty_reason ?? 'no frames'}</p>`),
      data: {},
    };
  const map = embeddingMap(frames, durationSec);
  const matrix = similarityMatrix(inputs, frames, durationSec);
  return {
    markup: section(html`<div class="looks">${map.markup}${matrix.markup}</div>`),
    data: { map: map.points, ...(matrix.data && { matrix: matrix.data }) },
  };
}

function section(content: Markup): Markup {
  return html`<section><h2>Frames alike and unlike</h2>${content}</section>
`;
}
