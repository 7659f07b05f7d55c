/** How many faces and objects are seen over time. */
import { highest } from './curves.ts';
import { drawPanel, emptyPanel, type Panel, type Trace } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';

type Detections = NonNullable<ReportInputs['faces'] | ReportInputs['objects']>;

/** @returns nothing where neither of the two is there */
export function foundPanel({ faces, objects }: ReportInputs, durationSec: number): Panel | undefined {
  const all: [string, Detections, 1 | 3][] = [];
  if (faces) all.push(['face', faces, 3]);
  if (objects) all.push(['object', objects, 1]);
  if (all.length === 0) return undefined;
  const title = 'Faces and objects';
  const note = all.map(([name, found]) => noteOf(name, found)).join(', ');
  const traces = all
    .filter(([, found]) => found.times_sec.data.length > 0)
    .map(([name, found, colour]): Trace => {
      return { name: `${name}s`, unit: '', digits: 0, colour, look: 'line', curve: countsOf(found) };
    });
  if (traces.length === 0) return emptyPanel(title, note);
  const top = Math.max(...traces.map(({ curve }) => highest(curve)));
  const levels = [{ value: top, label: String(top) }];
  return drawPanel({ title, note, bottom: 0, top: 1.1 * top, levels, traces }, durationSec);
}

function noteOf(name: string, { sampled_times_sec, times_sec, meta }: Detections): string {
  const frames = sampled_times_sec.data.length;
  if (frames === 0) return `${name}s: ${meta.empty_reason ?? 'no frames'}`;
  const things = times_sec.data.length;
  return `${things === 0 ? `no ${name}` : counted(things, name)} in ${counted(frames, 'frame')}`;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** Of every frame that was looked at, whether or not something was found in it. */
function countsOf({ sampled_frame_indices, sampled_times_sec, frame_indices }: Detections): Trace['curve'] {
  const counts = new Map<number, number>();
  for (const frame of frame_indices.data) counts.set(frame, (counts.get(frame) ?? 0) + 1);
  return {
    timesSec: sampled_times_sec.data,
    values: Array.from(sampled_frame_indices.data, (frame) => counts.get(frame) ?? 0),
  };
}
