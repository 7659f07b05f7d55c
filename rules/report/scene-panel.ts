/** What the shots show, as a strip under them: the label of a classifier, or a letter for shots that look alike. */
import { cssColour } from './colour-map.ts';
import { emptyPanel, type Panel } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';
import { type Block, drawStrip } from './strip.ts';

/** Neighbours in this order are far from each other in lightness. */
const shares = [0.1, 0.8, 0.45, 1, 0.28, 0.62];
/** Below this the colour map is so dark that white stands out better than black. */
const darkBelow = 0.5;

/** @returns nothing without scenes; without shots it is not known when they are */
export function scenePanel({ scenes, shots }: ReportInputs, durationSec: number): Panel | undefined {
  if (!scenes || !shots) return undefined;
  const title = 'Scenes';
  const count = scenes.cluster_ids.data.length;
  if (count === 0) return emptyPanel(title, scenes.meta.empty_reason ?? 'no shots');
  const names = labelNames(scenes) ?? clusterNames(scenes);
  const kinds = [...new Set(names.map(({ label }) => label))];
  const blocks = names.map(({ name, label }, shot): Block => {
    const share = shares[kinds.indexOf(label) % shares.length]!;
    return {
      startSec: shots.start_sec.data[shot] ?? 0,
      endSec: shots.end_sec.data[shot] ?? 0,
      colour: cssColour(share),
      name,
      label,
      isDark: share < darkBelow,
    };
  });
  const note =
    scenes.labels_source.data[0] === 'classifier'
      ? 'the likeliest label of each shot'
      : `shots with the same letter look alike: ${kinds.length} ${kinds.length === 1 ? 'kind' : 'kinds'}`;
  return drawStrip({ title, note, what: 'scene', isSplit: true, blocks }, durationSec);
}

interface SceneName {
  readonly name: string;
  readonly label: string;
}

function labelNames({ labels, probabilities }: NonNullable<ReportInputs['scenes']>): SceneName[] | undefined {
  const [count = 0, perShot = 0] = labels.shape;
  if (perShot === 0) return undefined;
  return Array.from({ length: count }, (_, shot) => {
    const label = labels.data[shot * perShot]!;
    return { label, name: `${label} ${probabilities.data[shot * perShot]!.toFixed(2)}` };
  });
}

function clusterNames({ cluster_ids }: NonNullable<ReportInputs['scenes']>): SceneName[] {
  return Array.from(cluster_ids.data, (id) => ({ label: letters(id), name: letters(id) }));
}

/** A, B, … Z, AA, AB, … */
function letters(id: number): string {
  const last = String.fromCharCode(65 + (id % 26));
  return id < 26 ? last : letters(Math.floor(id / 26) - 1) + last;
}
