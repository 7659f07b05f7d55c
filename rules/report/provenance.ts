/** Where each part of a report comes from, as the files themselves say it. */
import type { ArtifactMeta } from '../../engine/core/artifact-meta.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInputs } from './report-inputs.ts';

export function provenanceCards(inputs: ReportInputs): Markup {
  const parts: [string, { readonly meta: ArtifactMeta } | undefined][] = [
    ['Shots and cuts', inputs.shots],
    ['Quality', inputs.shot_quality],
    ['Pacing', inputs.pacing],
    ['Loudness', inputs.loudness],
    ['Tempo', inputs.tempo],
    ['Thumbnails', inputs.thumbnails],
  ];
  return html`<div class="cards">${videoCard(inputs)}${parts.map(([title, part]) => cardOf(title, part?.meta))}</div>`;
}

function videoCard({ metadata }: ReportInputs): Markup {
  if (!metadata) return cardOf('Video', undefined);
  return html`<article><h3>Video ${badge('success')}</h3><p>Read from the file's headers and packets; its provenance is in manifest.json.</p></article>`;
}

function cardOf(title: string, meta: ArtifactMeta | undefined): Markup {
  if (!meta)
    return html`<article><h3>${title} ${badge('not there')}</h3><p>It failed, was left out, or nobody asked for it: manifest.json says which.</p></article>`;
  return html`<article><h3>${title} ${badge(meta.status)}</h3>
${meta.empty_reason === null ? '' : html`<p class="reason">${meta.empty_reason}</p>`}
<dl>${rowsOf(meta).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></article>`;
}

function badge(status: string): Markup {
  return html`<span class="badge ${status.replace(' ', '-')}">${status}</span>`;
}

function rowsOf(meta: ArtifactMeta): [string, string | Markup][] {
  const params = Object.entries(meta.params);
  return [
    ['component', meta.component],
    ['version', meta.producer_version],
    ['rule', html`<code title="${meta.rule_digest}">${meta.rule_digest.slice(0, 15)}…</code>`],
    ['frames', samplingText(meta)],
    ...modelRows(meta),
    [
      'params',
      params.length === 0
        ? 'none'
        : html`${params.map(([name, value]) => html`<code>${name}: ${JSON.stringify(value)}</code> `)}`,
    ],
  ];
}

function modelRows({
  model_signature: signature,
  engine,
  precision,
  device,
}: ArtifactMeta): [string, string][] {
  if (signature === null) return [];
  return [['model', [signature, engine, precision, device].filter((part) => part !== null).join(', ')]];
}

function samplingText({ sampling, analysis }: ArtifactMeta): string {
  if (!sampling || !analysis) return 'none of its own';
  const rate = sampling.fps === 'keyframes' ? 'keyframes' : `${sampling.fps} fps`;
  return `${sampling.count} at ${rate}, within ${analysis.width} × ${analysis.height}; policy ${sampling.policy}`;
}
