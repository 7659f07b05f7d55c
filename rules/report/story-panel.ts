/** The film as a story: how intense it is, what is new in it, where its parts begin, and what comes again. */

import { percentText } from './number-text.ts';
import { drawPanel, emptyPanel, type Panel, type PanelSpec, type Trace } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';
import { timeText } from './time-text.ts';

type Story = NonNullable<ReportInputs['story']>;
type Uniqueness = NonNullable<ReportInputs['uniqueness']>;

/** @returns nothing where neither of the two is there */
export function storyPanel({ story, uniqueness }: ReportInputs, durationSec: number): Panel | undefined {
  if (!story && !uniqueness) return undefined;
  const title = story ? 'Story' : 'Novelty';
  const traces = [...(story ? intensityTraces(story) : []), ...(uniqueness ? noveltyTraces(uniqueness) : [])];
  if (traces.length === 0)
    return emptyPanel(title, story?.meta.empty_reason ?? uniqueness?.meta.empty_reason ?? 'no frames');
  return drawPanel(
    {
      title,
      note: [...(story ? storyNotes(story) : []), ...(uniqueness ? repeatNotes(uniqueness) : [])].join(', '),
      bottom: 0,
      top: 1,
      levels: [{ value: 0.5, label: '0.5' }],
      traces,
      moments: story ? momentsOf(story, durationSec) : [],
      ...(uniqueness && {
        spans: {
          startSec: [...uniqueness.repeat_a_start_sec.data, ...uniqueness.repeat_b_start_sec.data],
          endSec: [...uniqueness.repeat_a_end_sec.data, ...uniqueness.repeat_b_end_sec.data],
          name: 'shown more than once',
        },
      }),
    },
    durationSec,
  );
}

function intensityTraces({ times_sec, intensity }: Story): Trace[] {
  if (times_sec.data.length === 0) return [];
  const curve = { timesSec: times_sec.data, values: intensity.data };
  return [{ name: 'intensity', unit: '', digits: 2, colour: 3, look: 'area', curve }];
}

function noveltyTraces({ times_sec, novelty }: Uniqueness): Trace[] {
  if (times_sec.data.length === 0) return [];
  const curve = { timesSec: times_sec.data, values: novelty.data };
  return [{ name: 'novelty', unit: '', digits: 2, colour: 1, look: 'line', curve }];
}

function storyNotes({ boundary_sec, climax_sec, hook_intensity, hook_cuts, meta }: Story): string[] {
  const partCount = boundary_sec.data.length + 1;
  const climax = climax_sec.data[0]!;
  if (Number.isNaN(climax)) return [partsText(partCount)];
  const hookSec = meta.params['hook_sec'];
  const hook = typeof hookSec === 'number' ? `first ${hookSec} s` : 'hook';
  const cuts = hook_cuts.data[0]!;
  const intensity = hook_intensity.data[0]!;
  return [
    partsText(partCount),
    `climax at ${timeText(climax, 1)}`,
    `${hook}: ${Number.isNaN(intensity) ? '' : `intensity ${intensity.toFixed(2)}, `}${cuts} ${cuts === 1 ? 'cut' : 'cuts'}`,
  ];
}

function partsText(count: number): string {
  return count === 1 ? 'one part' : `${count} parts`;
}

function repeatNotes({ repeat_a_start_sec, repeated_ratio }: Uniqueness): string[] {
  const count = repeat_a_start_sec.data.length;
  if (count === 0) return ['nothing comes again'];
  const share = percentText(repeated_ratio.data[0]!);
  return [`${count} ${count === 1 ? 'repeat' : 'repeats'}, shaded: ${share} of the film`];
}

/** A shorter part has no room for its number; share of the film. */
const leastForNumber = 0.025;

/** Where parts begin, with their numbers, and the climax. */
function momentsOf(
  { boundary_sec, climax_sec }: Story,
  durationSec: number,
): NonNullable<PanelSpec['moments']> {
  const boundaries = Array.from(boundary_sec.data, (sec, at) => {
    const lengthSec = (boundary_sec.data[at + 1] ?? durationSec) - sec;
    return { sec, label: lengthSec < leastForNumber * durationSec ? '' : String(at + 2) };
  });
  const climax = climax_sec.data[0]!;
  return Number.isNaN(climax)
    ? boundaries
    : [...boundaries, { sec: climax, label: 'climax', isStrong: true }];
}
