/** Which of the thumbnails a report shows. */
import { firstAtOrAfter } from '../dsp/first-at-or-after.ts';
import type { ReportInputs } from './report-inputs.ts';

export interface Pictures {
  readonly timesSec: readonly number[];
  /** JPEG files in base64. */
  readonly jpegs: readonly string[];
  /** Size of the first; pixels. */
  readonly width: number;
  readonly height: number;
  /** For each shot the position of its picture; -1 for a shot that no sample falls into. */
  readonly ofShots: readonly number[];
  /** Every thumbnail that was taken: when, and the position of the picture that it looks most like. */
  readonly samples: { readonly timesSec: Float64Array; readonly pictures: readonly number[] };
}

/** Keeps the page of a long film below some 10 MB. */
const mostPictures = 1500;
/** Pictures for the cursor between those of the shots. */
const mostBetween = 240;

/** A picture for each shot, and others evenly over the film. */
export function choosePictures({ thumbnails, shots }: Pick<ReportInputs, 'thumbnails' | 'shots'>): Pictures {
  const timesSec = thumbnails?.times_sec.data ?? new Float64Array(0);
  const own = thumbnails ? ownPictures(thumbnails.jpeg_bytes.data) : [];
  const ofShots = (shots ? [...shots.start_sec.data] : []).map((startSec, shot) =>
    pictureOfShot(timesSec, own, { startSec, endSec: shots!.end_sec.data[shot]! }),
  );
  const forShots = evenly(
    ofShots.filter((sample) => sample >= 0),
    mostPictures - mostBetween,
  );
  const between = evenly([...new Set(own)], mostBetween);
  const chosen = [...new Set([...forShots, ...between])].sort((a, b) => a - b);
  const files = thumbnails ? filesOf(thumbnails) : [];
  return {
    timesSec: chosen.map((sample) => timesSec[sample]!),
    jpegs: chosen.map((sample) => Buffer.from(files[sample]!).toString('base64')),
    width: thumbnails?.widths.data[0] ?? 16,
    height: thumbnails?.heights.data[0] ?? 9,
    ofShots: ofShots.map((sample) => (sample < 0 ? -1 : nearestOf(chosen, sample))),
    samples: { timesSec, pictures: own.map((sample) => nearestOf(chosen, sample)) },
  };
}

/** Position of the picture that shows what is seen at a time; undefined without pictures. */
export function pictureAt({ samples: { timesSec, pictures } }: Pictures, sec: number): number | undefined {
  return timesSec.length === 0 ? undefined : pictures[nearestOf(timesSec, sec)];
}

/** For each sample the one whose picture it looks like: itself, or one before. */
function ownPictures(lengths: Int32Array): number[] {
  let last = 0;
  return [...lengths].map((length, sample) => {
    if (length > 0) last = sample;
    return last;
  });
}

/** The picture that most samples of a shot look like, of equals the one nearest to its middle; -1 without a sample. */
function pictureOfShot(
  timesSec: Float64Array,
  own: readonly number[],
  { startSec, endSec }: { startSec: number; endSec: number },
): number {
  const middle = (startSec + endSec) / 2;
  const likes = new Map<number, { count: number; distance: number }>();
  // From the first sample of the shot on: times rise.
  for (let at = firstAtOrAfter(timesSec, startSec); at < timesSec.length && timesSec[at]! < endSec; at += 1) {
    const { count, distance } = likes.get(own[at]!) ?? { count: 0, distance: Infinity };
    likes.set(own[at]!, { count: count + 1, distance: Math.min(distance, Math.abs(timesSec[at]! - middle)) });
  }
  const best = [...likes].sort(([, a], [, b]) => b.count - a.count || a.distance - b.distance)[0];
  return best?.[0] ?? -1;
}

/** Position of the nearest of `numbers`, which rise. */
function nearestOf(numbers: ArrayLike<number>, wanted: number): number {
  const after = firstAtOrAfter(numbers, wanted);
  if (after === 0) return 0;
  if (after === numbers.length) return after - 1;
  return wanted - numbers[after - 1]! <= numbers[after]! - wanted ? after - 1 : after;
}

/** At most `limit` of the items, from the middles of as many stretches of equal length. */
export function evenly(items: readonly number[], limit: number): number[] {
  if (items.length <= limit) return [...items];
  return Array.from(
    { length: limit },
    (_, index) => items[Math.floor(((index + 0.5) * items.length) / limit)]!,
  );
}

function filesOf({ jpeg, jpeg_bytes }: NonNullable<ReportInputs['thumbnails']>): Uint8Array[] {
  let end = 0;
  return [...jpeg_bytes.data].map((length) => {
    end += length;
    return jpeg.data.subarray(end - length, end);
  });
}
