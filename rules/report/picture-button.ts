/** A picture of the film that takes the cursor to its time. */
import { html, type Markup } from './markup.ts';
import type { Pictures } from './pictures.ts';
import { timeText } from './time-text.ts';

export interface PictureButton {
  /** Position among the pictures; undefined where there is none of that time. */
  readonly picture: number | undefined;
  /** Time of what is shown. */
  readonly sec: number;
  /** Drawn over the picture, as large as it. */
  readonly over?: Markup;
  /** Drawn to the right of it. */
  readonly beside?: Markup;
  readonly caption?: string;
}

/** The script sets the picture when it comes into view. */
export function pictureButton(pictures: Pictures, button: PictureButton): Markup {
  const { picture, sec, over, beside, caption = '' } = button;
  const at = timeText(sec, 1);
  const image =
    picture === undefined
      ? ''
      : html`<span class="view"><img data-picture="${picture}" width="${pictures.width}" height="${pictures.height}" alt="Frame at ${at}">${over}</span>`;
  return html`<li><button type="button" data-time="${sec.toFixed(3)}"><span class="views">${image}${beside}</span><span class="caption"><b>${at}</b> ${caption}</span></button></li>`;
}
