/** What was found in the frame of a picture: faces and objects, or that nobody looked. */
import { firstAtOrAfter } from '../dsp/first-at-or-after.ts';
import type { ReportInputs } from './report-inputs.ts';

export interface Thing {
  readonly name: string;
  /** 0 to 1. */
  readonly score: number;
  /** Left, top, right and bottom as fractions of the picture. */
  readonly box: readonly number[];
  /** x and y of each landmark, one after the other; fractions of the picture. */
  readonly landmarks: readonly number[];
}

/** `unseen`: no frame was looked at that is near enough to the picture. */
export type Found = readonly Thing[] | 'unseen';

/** Without the one whose component is not there. */
export interface Findings {
  readonly faces?: Found;
  readonly objects?: Found;
}

/** A frame farther than this from a picture may show something else; seconds. */
const nearSec = 0.25;
/** A mesh has hundreds of landmarks: so many show its shape. */
const mostLandmarks = 100;

export function findingsAt(
  { faces, objects }: Pick<ReportInputs, 'faces' | 'objects'>,
  sec: number,
): Findings {
  return {
    ...(faces && { faces: foundAt(faces, sec, (row) => thing(faces, row, 'face', landmarksOf(faces, row))) }),
    ...(objects && {
      objects: foundAt(objects, sec, (row) => thing(objects, row, objects.class_names.data[row]!, [])),
    }),
  };
}

/** One line that says what was found, surest first. */
export function findingsText({ faces, objects }: Findings): string {
  const texts = [faces && kindText(faces, 'face'), objects && kindText(objects, 'object')];
  return texts.filter((text) => text !== undefined).join('; ');
}

type Detections = NonNullable<ReportInputs['faces'] | ReportInputs['objects']>;

function foundAt(
  { sampled_frame_indices, sampled_times_sec, frame_indices }: Detections,
  sec: number,
  thingOf: (row: number) => Thing,
): Found {
  const sample = nearestSample(sampled_times_sec.data, sec);
  if (sample === undefined) return 'unseen';
  const frame = sampled_frame_indices.data[sample]!;
  const from = firstAtOrAfter(frame_indices.data, frame);
  const to = firstAtOrAfter(frame_indices.data, frame + 1);
  return Array.from({ length: to - from }, (_, row) => thingOf(from + row));
}

function nearestSample(timesSec: Float64Array, sec: number): number | undefined {
  const after = firstAtOrAfter(timesSec, sec);
  const [best] = [after - 1, after]
    .filter((at) => Math.abs((timesSec[at] ?? Infinity) - sec) <= nearSec)
    .sort((a, b) => Math.abs(timesSec[a]! - sec) - Math.abs(timesSec[b]! - sec));
  return best;
}

function thing(
  { boxes, scores }: Detections,
  row: number,
  name: string,
  landmarks: readonly number[],
): Thing {
  return { name, score: scores.data[row]!, box: [...boxes.data.subarray(4 * row, 4 * row + 4)], landmarks };
}

function landmarksOf({ landmarks }: NonNullable<ReportInputs['faces']>, row: number): number[] {
  const count = landmarks.shape[1] ?? 0;
  const step = Math.ceil(count / mostLandmarks);
  const kept: number[] = [];
  for (let at = row * count; at < (row + 1) * count; at += step) {
    const [x, y] = [landmarks.data[2 * at]!, landmarks.data[2 * at + 1]!];
    if (!Number.isNaN(x)) kept.push(x, y);
  }
  return kept;
}

function kindText(found: Found, kind: string): string {
  if (found === 'unseen') return `not looked at for ${kind}s`;
  if (found.length === 0) return `no ${kind}`;
  const byName = Map.groupBy(found, ({ name }) => name);
  return [...byName].map(([name, things]) => nameText(name, things)).join(', ');
}

/** The surest of a name come first, as in the frame. */
function nameText(name: string, things: readonly Thing[]): string {
  const scores = things.slice(0, 3).map(({ score }) => score.toFixed(2));
  const more = things.length > 3 ? '\u00a0…' : '';
  return `${things.length === 1 ? '' : `${things.length} × `}${name} (${scores.join(', ')}${more})`;
}
