/** A panel of coloured stretches of time, each with a name. */
import { fieldHeight, fieldWidth, xOf } from './curves.ts';
import { html, type Markup } from './markup.ts';
import type { Panel } from './panel.ts';

export interface Block {
  readonly startSec: number;
  readonly endSec: number;
  /** As CSS has it. */
  readonly colour: string;
  /** What it is called at the cursor. */
  readonly name: string;
  /** Written into it where there is room. */
  readonly label: string;
  /** The label is written in white, not in black. */
  readonly isDark: boolean;
}

export interface StripSpec {
  readonly title: string;
  readonly note: Markup | string;
  /** What the names are names of. */
  readonly what: string;
  /** A line between each two of them, which may be of one colour. */
  readonly isSplit: boolean;
  /** In the order of time. */
  readonly blocks: readonly Block[];
}

/** Narrower blocks have no room for a letter; share of the time axis. */
const leastForLabel = 0.012;

export function drawStrip({ title, note, what, isSplit, blocks }: StripSpec, durationSec: number): Panel {
  const names = [...new Set(blocks.map(({ name }) => name))];
  const at = new Map(names.map((name, index) => [name, index]));
  const readout = {
    unit: '',
    digits: 0,
    times: blocks.map(({ startSec }) => Number(startSec.toFixed(3))),
    values: blocks.map(({ name }) => at.get(name)!),
    names,
  };
  const markup = html`<section class="panel stretches${isSplit ? ' split' : ''}"><h3><span class="name">${title}</span> <span class="note">${note}</span>
<span class="values"><span class="value none">${what} <b data-value></b></span></span></h3>
<div class="field"><svg viewBox="0 0 ${fieldWidth} ${fieldHeight}" preserveAspectRatio="none" role="img" aria-label="${title}">${blocks.map((block) => rectOf(block, durationSec))}</svg>${blocks.map((block) => labelOf(block, durationSec))}</div></section>`;
  return { markup, readouts: [readout] };
}

function rectOf({ startSec, endSec, colour }: Block, durationSec: number): Markup {
  const x = xOf(startSec, { durationSec });
  const width = xOf(endSec, { durationSec }) - x;
  return html`<rect x="${x}" y="0" width="${width.toFixed(1)}" height="${fieldHeight}" fill="${colour}"/>`;
}

function labelOf({ startSec, endSec, label, isDark }: Block, durationSec: number): Markup {
  const share = (endSec - startSec) / durationSec;
  if (label === '' || share < leastForLabel) return html``;
  const left = ((100 * startSec) / durationSec).toFixed(2);
  return html`<span class="${isDark ? 'label dark' : 'label'}" style="left:${left}%;width:${(100 * share).toFixed(2)}%">${label}</span>`;
}
