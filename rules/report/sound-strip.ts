/** The sound's embeddings as a strip: alike colours where it sounds alike. */
import { principalComponents } from '../dsp/principal-components.ts';
import { cssColour, rampGradient } from './colour-map.ts';
import { html } from './markup.ts';
import { percentText } from './number-text.ts';
import { emptyPanel, type Panel } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';
import { type Block, drawStrip } from './strip.ts';

/** More than a screen shows side by side. */
const mostBlocks = 600;

/** Windows overlap: each is drawn until the next one begins. */
export function soundStrip(sound: NonNullable<ReportInputs['sound_embeddings']>, durationSec: number): Panel {
  const title = 'Sound';
  const starts = sound.start_sec.data;
  if (starts.length === 0) return emptyPanel(title, sound.meta.empty_reason ?? 'no windows');
  const { scores, shares } = principalComponents(sound.embeddings, 1);
  const [score] = scores;
  if (!score) return emptyPanel(title, `sounds the same throughout: ${starts.length} equal embeddings`);
  const [low, high] = [Math.min(...score), Math.max(...score)];
  const step = Math.ceil(starts.length / mostBlocks);
  const blocks: Block[] = [];
  for (let at = 0; at < starts.length; at += step) {
    const place = (score[at]! - low) / (high - low);
    blocks.push({
      startSec: starts[at]!,
      endSec: starts[at + step] ?? sound.end_sec.data.at(-1)!,
      colour: cssColour(place),
      name: place.toFixed(2),
      label: '',
      isDark: false,
    });
  }
  const note = html`<span class="ramp" style="background:${rampGradient}"></span>alike colours sound alike: first principal component, ${percentText(shares[0]!)} of the variance, as 0 to 1`;
  return drawStrip({ title, note, what: 'place', isSplit: false, blocks }, durationSec);
}
