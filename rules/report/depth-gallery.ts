/** Pictures of depth, each beside the picture that it is of. */
import { jpegOf } from '../dsp/jpeg.ts';
import { colourOf, rampGradient } from './colour-map.ts';
import { html, type Markup } from './markup.ts';
import { pictureButton } from './picture-button.ts';
import { evenly, type Pictures, pictureAt } from './pictures.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

type Depth = NonNullable<ReportInputs['depth']>;

const mostMaps = 6;
const jpegQuality = 80;

/** @returns nothing without depth; a line where there is none in it */
export async function depthGallery({ depth }: ReportInputs, pictures: Pictures): Promise<Markup> {
  if (!depth) return html``;
  const count = depth.times_sec.data.length;
  if (count === 0)
    return html`<section><h2>Depth</h2><p class="absent">${depth.meta.empty_reason ?? 'no frames'}</p></section>
`;
  const frames = evenly([...depth.times_sec.data.keys()], mostMaps);
  const items = await Promise.all(frames.map((frame) => itemOf(depth, frame, pictures)));
  return html`<section><h2>Depth</h2>
<p class="legend"><span>far</span><span class="ramp" style="background:${rampGradient}"></span><span>near</span><span>relative inverse depth, no unit; each picture has a scale of its own, from its 5th to its 95th percentile</span></p>
<ol class="gallery pairs">${items}</ol></section>
`;
}

async function itemOf(depth: Depth, frame: number, pictures: Pictures): Promise<Markup> {
  const sec = depth.times_sec.data[frame]!;
  const picture = pictureAt(pictures, sec);
  // The map is of the whole picture, whatever its own shape.
  const [, mapHeight = 0, mapWidth = 0] = depth.depth.shape;
  const { width, height } = picture === undefined ? { width: mapWidth, height: mapHeight } : pictures;
  const map = html`<img class="map" src="data:image/jpeg;base64,${await depthJpeg(depth, frame)}" width="${width}" height="${height}" alt="Depth at ${timeText(sec, 1)}">`;
  return pictureButton(pictures, { picture, sec, beside: map });
}

/** A JPEG in base64. */
async function depthJpeg({ depth, p05, p95 }: Depth, frame: number): Promise<string> {
  const [, height = 0, width = 0] = depth.shape;
  const size = height * width;
  const low = p05.data[frame]!;
  const range = p95.data[frame]! - low;
  const rgb = new Uint8Array(3 * size);
  for (let at = 0; at < size; at += 1) {
    const share = range > 0 ? (depth.data[frame * size + at]! - low) / range : 0.5;
    rgb.set(colourOf(share), 3 * at);
  }
  return Buffer.from(await jpegOf({ rgb, width, height }, jpegQuality)).toString('base64');
}
