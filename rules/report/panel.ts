/** A panel of the time axis: a heading with the values at the cursor, and a field with what is drawn. */
import {
  areaPath,
  type Curve,
  type Field,
  fieldHeight,
  fieldWidth,
  linePath,
  thinned,
  xOf,
  yOf,
} from './curves.ts';
import { html, type Markup } from './markup.ts';

/** One of the colours of the style sheet, by its number. */
export type Colour = 1 | 2 | 3 | 4;

export interface Trace {
  readonly name: string;
  readonly unit: string;
  /** Decimals of the value at the cursor. */
  readonly digits: number;
  readonly colour: Colour;
  readonly curve: Curve;
  /** `none`: only told at the cursor. */
  readonly look: 'line' | 'faint' | 'area' | 'none';
}

export interface PanelSpec {
  readonly title: string;
  /** What holds for the whole video. */
  readonly note: string;
  readonly bottom: number;
  readonly top: number;
  /** Values with a line and a label of their own. */
  readonly levels: readonly { readonly value: number; readonly label: string; readonly isStrong?: boolean }[];
  readonly traces: readonly Trace[];
  /** Stretches to shade: their starts and ends, seconds. */
  readonly spans?: {
    readonly startSec: ArrayLike<number>;
    readonly endSec: ArrayLike<number>;
    readonly name: string;
  };
  /** Moments to mark at the top; seconds. */
  readonly marks?: { readonly timesSec: ArrayLike<number>; readonly name: string };
  /** Moments with a line through the whole field and a label, which may be ''; a strong one stands out, its label below the others. */
  readonly moments?: readonly {
    readonly sec: number;
    readonly label: string;
    readonly isStrong?: boolean;
  }[];
}

/** What the script needs to tell the values at the cursor. */
export interface Readout {
  readonly unit: string;
  readonly digits: number;
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** What the values stand for, where they are positions in this list; each holds from its time until the next. */
  readonly names?: readonly string[];
}

export interface Panel {
  readonly markup: Markup;
  readonly readouts: readonly Readout[];
}

/** A panel that has nothing to draw says why. */
export function emptyPanel(title: string, reason: string): Panel {
  const markup = html`<section class="panel"><h3><span class="name">${title}</span> <span class="note hollow">${reason}</span></h3></section>`;
  return { markup, readouts: [] };
}

export function drawPanel(spec: PanelSpec, durationSec: number): Panel {
  const field: Field = { durationSec, bottom: spec.bottom, top: spec.top };
  const traces = spec.traces.map((trace) => ({ ...trace, curve: thinned(trace.curve) }));
  const markup = html`<section class="panel"><h3><span class="name">${spec.title}</span> <span class="note">${spec.note}</span>
<span class="values">${traces.map(namedValue)}</span></h3>
<div class="field"><div class="scale">${spec.levels.map((level) => labelOf(level, field))}</div>
<svg viewBox="0 0 ${fieldWidth} ${fieldHeight}" preserveAspectRatio="none" role="img" aria-label="${spec.title}">
${spansOf(spec, field)}${spec.levels.map((level) => levelOf(level, field))}${traces.map((trace) => drawTrace(trace, field))}${marksOf(spec, field)}${momentsOf(spec, field)}
</svg>${momentLabels(spec, field)}</div></section>`;
  return { markup, readouts: traces.map(readoutOf) };
}

function namedValue({ name, colour, look }: Trace): Markup {
  return html`<span class="value ${look} c${colour}"><i></i>${name} <b data-value></b></span>`;
}

function readoutOf({ unit, digits, curve }: Trace): Readout {
  return {
    unit,
    digits,
    times: Array.from(curve.timesSec, (sec) => rounded(sec, 3)),
    values: Array.from(curve.values, (value) => rounded(value, digits)),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function labelOf({ value, label }: PanelSpec['levels'][number], field: Field): Markup {
  return html`<span style="top:${yOf(value, field)}%">${label}</span>`;
}

function levelOf({ value, isStrong }: PanelSpec['levels'][number], field: Field): Markup {
  const y = yOf(value, field);
  return html`<path class="${isStrong ? 'level strong' : 'level'}" d="M0 ${y}H${fieldWidth}"/>`;
}

function drawTrace({ look, colour, curve }: Trace, field: Field): Markup {
  const line = (): Markup => html`<path class="line c${colour}" d="${linePath(curve, field)}"/>`;
  switch (look) {
    case 'none':
      return html``;
    case 'line':
      return line();
    case 'faint':
      return html`<path class="line faint c${colour}" d="${linePath(curve, field)}"/>`;
    case 'area':
      return html`<path class="area c${colour}" d="${areaPath(curve, field)}"/>${line()}`;
    default:
      throw new TypeError(`unknown look ${look satisfies never}`);
  }
}

function spansOf({ spans }: PanelSpec, field: Field): Markup[] {
  if (!spans) return [];
  return Array.from(spans.startSec, (start, index) => {
    const x = xOf(start, field);
    const width = Math.max(0.5, xOf(spans.endSec[index]!, field) - x);
    return html`<rect class="span" x="${x}" y="0" width="${width.toFixed(1)}" height="${fieldHeight}"><title>${spans.name}</title></rect>`;
  });
}

function marksOf({ marks }: PanelSpec, field: Field): Markup {
  if (!marks || marks.timesSec.length === 0) return html``;
  const d = Array.from(marks.timesSec, (sec) => `M${xOf(sec, field)} 0v8`).join('');
  return html`<path class="marks" d="${d}"><title>${marks.name}</title></path>`;
}

function momentsOf({ moments = [] }: PanelSpec, field: Field): Markup[] {
  return moments.map(({ sec, isStrong }) => {
    return html`<path class="${isStrong ? 'moment strong' : 'moment'}" d="M${xOf(sec, field)} 0V${fieldHeight}"/>`;
  });
}

/** In the last quarter of the field a label stands before its line: behind it there may be no room. */
function momentLabels({ moments = [] }: PanelSpec, field: Field): Markup[] {
  return moments
    .filter(({ label }) => label !== '')
    .map(({ sec, label, isStrong }) => {
      const percent = (100 * xOf(sec, field)) / fieldWidth;
      const look = [percent > 75 ? ' before' : '', isStrong ? ' strong' : ''].join('');
      return html`<span class="tag${look}" style="left:${percent.toFixed(2)}%">${label}</span>`;
    });
}
