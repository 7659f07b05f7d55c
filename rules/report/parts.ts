/** What a report is made of, by the names that people know it by. */
import { html, type Markup } from './markup.ts';
import type { ReportInputs } from './report-inputs.ts';

/** In the order of the page. Where one component gives several inputs, one of them stands for it. */
export const parts = [
  ['Shots and cuts', 'shots'],
  ['Scenes', 'scenes'],
  ['Thumbnails', 'thumbnails'],
  ['Loudness', 'loudness'],
  ['Tempo', 'tempo'],
  ['Sound embeddings', 'sound_embeddings'],
  ['Pacing', 'pacing'],
  ['Story', 'story'],
  ['Novelty and repeats', 'uniqueness'],
  ['Optical flow', 'flow'],
  ['Faces', 'faces'],
  ['Objects', 'objects'],
  ['Depth', 'depth'],
  ['Frame embeddings', 'frame_embeddings'],
  ['Quality', 'shot_quality'],
] as const satisfies readonly (readonly [name: string, input: keyof ReportInputs])[];

/** One line for all that has not been made; nothing where all is there. */
export function missingLine(inputs: ReportInputs): Markup {
  const missing = [['Video', 'metadata'] as const, ...parts].filter(
    ([, input]) => inputs[input] === undefined,
  );
  const names = missing.map(([name]) => name);
  if (names.length === 0) return html``;
  return html`<p class="absent" id="missing">Not there: ${names.join(', ')}. Each failed, was left out, or nobody asked for it: manifest.json says which.</p>`;
}
