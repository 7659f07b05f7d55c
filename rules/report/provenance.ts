/** Where each part of a report comes from, as the files themselves say it. */
import { z } from 'zod';
import type { ArtifactMeta } from '../../engine/core/artifact-meta.ts';
import { html, type Markup } from './markup.ts';
import { parts } from './parts.ts';
import type { ReportInputs } from './report-inputs.ts';

/** A card for each part that is there. */
export function provenanceCards(inputs: ReportInputs): Markup {
  const cards = parts.map(([title, input]) => inputs[input] && cardOf(title, inputs[input].meta));
  return html`<div class="cards">${videoCard(inputs)}${cards}</div>`;
}

function videoCard({ metadata }: ReportInputs): Markup {
  if (!metadata) return html``;
  return html`<article><h3>Video ${badge('success')}</h3><p>Read from the file's headers and packets; its provenance is in manifest.json.</p></article>`;
}

function cardOf(title: string, meta: ArtifactMeta): Markup {
  return html`<article><h3>${title} ${badge(meta.status)}</h3>
${meta.empty_reason === null ? '' : html`<p class="reason">${meta.empty_reason}</p>`}
<dl>${rowsOf(meta).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></article>`;
}

function badge(status: string): Markup {
  return html`<span class="badge ${status}">${status}</span>`;
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

/** What a card tells of a model; `meta` says more. */
const usedModel = z.object({
  slot: z.string(),
  name: z.string(),
  version: z.string(),
  engine: z.string(),
  precision: z.string(),
  device: z.string(),
});

function modelRows({ model_signature: signature, models_used }: ArtifactMeta): [string, Markup][] {
  if (signature === null) return [];
  const models = models_used.map((one): [string, Markup] => {
    const { slot, name, version, engine, precision, device } = usedModel.parse(one);
    return [slot, html`<b>${name}</b> ${version}, ${engine}, ${precision}, ${device}`];
  });
  return [...models, ['signature', html`<code title="${signature}">${signature.slice(0, 16)}…</code>`]];
}

function samplingText({ sampling, analysis }: ArtifactMeta): string {
  if (!sampling || !analysis) return 'none of its own';
  const rate = sampling.fps === 'keyframes' ? 'keyframes' : `${sampling.fps} fps`;
  return `${sampling.count} at ${rate}, within ${analysis.width} × ${analysis.height}; policy ${sampling.policy}`;
}
