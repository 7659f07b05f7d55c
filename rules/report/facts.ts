/** What the video is, in a few words and numbers. */
import { html, type Markup } from './markup.ts';
import { signedText } from './number-text.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

/** The line that names the report: the name of the file is not known to it. */
export function titleOf({ metadata }: ReportInputs): string {
  if (!metadata) return 'Report';
  const { width, height } = metadata;
  const size = width === null || height === null ? 'sound only' : `${width} × ${height}`;
  return `Report: ${timeText(metadata.duration_sec)}, ${size}`;
}

export function factTiles(inputs: ReportInputs): Markup {
  const tiles = [...videoFacts(inputs), ...soundFacts(inputs)].map(
    ([name, value, note]) =>
      html`<div><dt>${name}</dt><dd>${value}</dd>${note ? html`<dd class="note">${note}</dd>` : ''}</div>`,
  );
  return html`<dl class="facts">${tiles}</dl>`;
}

type Fact = readonly [name: string, value: string, note: string];

function videoFacts({ metadata, shots }: ReportInputs): Fact[] {
  if (!metadata) return [];
  const codecs = metadata.streams.map(({ codec }) => codec).join(', ');
  const facts: Fact[] = [['Duration', timeText(metadata.duration_sec, 1), codecs]];
  const { width, height, fps } = metadata;
  if (width !== null && height !== null)
    facts.push(['Size', `${width} × ${height}`, turned(metadata.rotation_deg)]);
  if (fps !== null)
    facts.push([
      'Frame rate',
      `${Number(fps.toFixed(2))} fps`,
      `${metadata.frame_count} frames${metadata.is_vfr ? ', variable' : ''}`,
    ]);
  const lengths = shots
    ? [...shots.start_sec.data].map((start, shot) => shots.end_sec.data[shot]! - start)
    : [];
  if (lengths.length > 0)
    facts.push([
      'Shots',
      String(lengths.length),
      `${(metadata.duration_sec / lengths.length).toFixed(1)} s on average`,
    ]);
  return facts;
}

function turned(rotationDeg: number | null): string {
  return rotationDeg ? `turned by ${rotationDeg}°` : '';
}

function soundFacts({ metadata, loudness, tempo }: ReportInputs): Fact[] {
  const facts: Fact[] = [];
  if (metadata && !metadata.has_audio) facts.push(['Sound', 'none', '']);
  const [integrated = Number.NaN, range = Number.NaN] = [
    loudness?.integrated_lufs.data[0],
    loudness?.lra_lu.data[0],
  ];
  if (!Number.isNaN(integrated))
    facts.push([
      'Loudness',
      `${signedText(integrated, 1)} LUFS`,
      Number.isNaN(range) ? '' : `range ${range.toFixed(1)} LU`,
    ]);
  const bpm = tempo?.tempo_bpm.data[0] ?? Number.NaN;
  if (!Number.isNaN(bpm))
    facts.push(['Tempo', `${bpm.toFixed(1)} BPM`, `confidence ${tempo!.confidence.data[0]!.toFixed(2)}`]);
  return facts;
}
