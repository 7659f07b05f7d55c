/** Pictures of the film with boxes around what was found in them. */
import { type Findings, findingsAt, findingsText, type Thing } from './findings.ts';
import { html, Markup } from './markup.ts';
import { pictureButton } from './picture-button.ts';
import type { Pictures } from './pictures.ts';
import type { ReportInputs } from './report-inputs.ts';

const mostPictures = 12;
/** More boxes with a text hide what they are around. */
const mostTold = 4;
/** Height of their letters as a share of the picture's width. */
const letterShare = 0.05;
/** Of a letter, about, as a share of its height. */
const letterWidth = 0.62;

/** @returns nothing where nothing was found, which the panel of counts tells, or without pictures to draw on */
export function foundGallery(inputs: ReportInputs, pictures: Pictures, durationSec: number): Markup {
  const { faces, objects } = inputs;
  const things = (faces?.times_sec.data.length ?? 0) + (objects?.times_sec.data.length ?? 0);
  if (things === 0 || pictures.timesSec.length === 0) return html``;
  const items = chosen(inputs, pictures, durationSec).map(({ picture, findings }) => {
    return pictureButton(pictures, {
      picture,
      sec: pictures.timesSec[picture]!,
      over: overlayOf(findings, pictures),
      caption: findingsText(findings),
    });
  });
  return html`<section><h2>Faces and objects</h2>
<p class="legend">${faces ? html`<span class="key face"><i></i>face${(faces.landmarks.shape[1] ?? 0) > 0 ? ', with landmarks' : ''}</span>` : ''}${objects ? html`<span class="key object"><i></i>object</span>` : ''}<span>in brackets the score, 0 to 1; from each stretch of the film the picture with most in it</span></p>
<ol class="gallery">${items}</ol></section>
`;
}

interface Choice {
  readonly picture: number;
  readonly findings: Findings;
}

/** Of each of twelve stretches of time the picture with most in it; of equal ones the first. */
function chosen(inputs: ReportInputs, pictures: Pictures, durationSec: number): Choice[] {
  const all = pictures.timesSec.map((sec, picture) => ({ picture, findings: findingsAt(inputs, sec) }));
  const byStretch = Map.groupBy(all, ({ picture }) =>
    Math.min(mostPictures - 1, Math.floor((mostPictures * pictures.timesSec[picture]!) / durationSec)),
  );
  return [...byStretch.values()].map((some) =>
    some.reduce((best, one) => (worth(one.findings) > worth(best.findings) ? one : best)),
  );
}

/** A face is worth more than any sum of objects; a look at nothing more than no look. */
function worth({ faces, objects }: Findings): number {
  return sumOfScores(faces, 1000) + sumOfScores(objects, 1);
}

function sumOfScores(found: Findings['faces'], weight: number): number {
  if (found === undefined || found === 'unseen') return -1;
  return weight * found.reduce((sum, { score }) => sum + score, 0);
}

function overlayOf({ faces, objects }: Findings, size: PictureSize): Markup {
  const parts = [...boxesOf('object', objects, size), ...boxesOf('face', faces, size)];
  return html`<svg class="boxes" viewBox="0 0 ${size.width} ${size.height}" font-size="${rounded(letterShare * size.width)}" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

type PictureSize = Pick<Pictures, 'width' | 'height'>;

/** The surest few say their score, and the first of each name its name. */
function boxesOf(kind: string, found: Findings['faces'], size: PictureSize): Markup[] {
  if (found === undefined || found === 'unseen') return [];
  return found.map((thing, at) => {
    const isFirst = found.findIndex(({ name }) => name === thing.name) === at;
    const score = thing.score.toFixed(2);
    const text = isFirst ? `${thing.name} ${score}` : score;
    return html`<g class="${kind}">${outlineOf(thing, size)}${at < mostTold ? textOf(thing, text, size) : ''}</g>`;
  });
}

function outlineOf({ box, landmarks }: Thing, size: PictureSize): Markup {
  const [left, top, right, bottom] = inPixels(box, size);
  const d = `M${left} ${top}H${right}V${bottom}H${left}Z`;
  const points = inPixels(landmarks, size);
  const dots = points.flatMap((x, at) => (at % 2 ? [] : [`M${x} ${points[at + 1]}h0`])).join('');
  return html`<path class="under" d="${d}"/><path d="${d}"/>${dots === '' ? '' : html`<path class="dots" d="${dots}"/>`}`;
}

/** Above its box, or inside where the picture ends; it ends with the box where there is no room behind the box's start. */
function textOf({ box }: Thing, text: string, size: PictureSize): Markup {
  const [left = 0, top = 0, right = 0] = inPixels(box, size);
  const letterPx = letterShare * size.width;
  const y = rounded(top > 1.2 * letterPx ? top - 0.2 * letterPx : top + letterPx);
  const isRight = left + letterWidth * letterPx * text.length > size.width;
  return html`<text x="${isRight ? right - 1 : left + 1}" y="${y}"${isRight ? new Markup(' text-anchor="end"') : ''}>${text}</text>`;
}

/** Fractions, x and y in turn, as pixels to a tenth. */
function inPixels(fractions: readonly number[], { width, height }: PictureSize): number[] {
  return fractions.map((value, at) => rounded(value * (at % 2 ? height : width)));
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}
