/** Curves over time, thinned to what a screen can show, and as paths of SVG. */

export interface Curve {
  /** Seconds, rising. */
  readonly timesSec: ArrayLike<number>;
  /** One a time; NaN where there is none. */
  readonly values: ArrayLike<number>;
}

/** One a pixel of a wide screen. */
const mostPoints = 1200;

/**
 * At most `limit` points of a curve: of each stretch its lowest and its highest, so that no peak is lost. A gap stays a
 * gap where it fills a stretch.
 *
 * @param limit points; even
 */
export function thinned(curve: Curve, limit = mostPoints): { timesSec: number[]; values: number[] } {
  const count = curve.values.length;
  const kept =
    count <= limit ? Array.from({ length: count }, (_, index) => index) : extremes(curve, limit / 2);
  return {
    timesSec: kept.map((index) => curve.timesSec[index]!),
    values: kept.map((index) => curve.values[index]!),
  };
}

function extremes({ values }: Curve, stretches: number): number[] {
  return Array.from({ length: stretches }, (_, stretch) => {
    const from = Math.floor((stretch * values.length) / stretches);
    const to = Math.floor(((stretch + 1) * values.length) / stretches);
    return lowestAndHighest(values, from, to);
  }).flat();
}

/** Their positions in order of time; of a stretch without numbers the first position. */
function lowestAndHighest(values: ArrayLike<number>, from: number, to: number): number[] {
  let lowest = -1;
  let highest = -1;
  for (let index = from; index < to; index += 1) {
    const value = values[index]!;
    if (Number.isNaN(value)) continue;
    if (lowest < 0 || value < values[lowest]!) lowest = index;
    if (highest < 0 || value > values[highest]!) highest = index;
  }
  if (lowest < 0) return [from];
  if (lowest === highest) return [lowest];
  return lowest < highest ? [lowest, highest] : [highest, lowest];
}

/** The field that a curve is drawn in: 1000 wide and 100 high, whatever its size on the screen. */
export interface Field {
  readonly durationSec: number;
  /** Values at the bottom and at the top; what lies beyond is drawn at the edge. */
  readonly bottom: number;
  readonly top: number;
}

export const fieldWidth = 1000;
export const fieldHeight = 100;

/** Where a time lies in a field. */
export function xOf(sec: number, { durationSec }: Pick<Field, 'durationSec'>): number {
  return rounded(clamped(sec / durationSec) * fieldWidth);
}

/** Where a value lies in a field, from its top. */
export function yOf(value: number, { bottom, top }: Field): number {
  return rounded((1 - clamped((value - bottom) / (top - bottom))) * fieldHeight);
}

/** The `d` of a line, broken where a value is missing. A point between two gaps is a dot. */
export function linePath(curve: Curve, field: Field): string {
  return runsOf(curve, field)
    .map((run) => (run.length === 1 ? `M${run[0]}h0` : `M${run.join('L')}`))
    .join('');
}

/** The `d` of the area between a line and the bottom of its field. */
export function areaPath(curve: Curve, field: Field): string {
  return runsOf(curve, field)
    .map((run) => {
      const [first, last] = [run[0]!, run.at(-1)!].map((point) => point.split(' ')[0]!);
      return `M${first} ${fieldHeight}L${run.join('L')}L${last} ${fieldHeight}Z`;
    })
    .join('');
}

/** Points as 'x y', in runs without a missing value. */
function runsOf({ timesSec, values }: Curve, field: Field): string[][] {
  const runs: string[][] = [];
  let isOpen = false;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (Number.isNaN(value)) {
      isOpen = false;
      continue;
    }
    if (!isOpen) runs.push([]);
    isOpen = true;
    runs.at(-1)!.push(`${xOf(timesSec[index]!, field)} ${yOf(value, field)}`);
  }
  return runs;
}

/** The top of a curve's field: its highest value, and above 0. */
export function highest({ values }: Curve): number {
  let top = 0;
  for (let index = 0; index < values.length; index += 1) if (values[index]! > top) top = values[index]!;
  return top || 1;
}

/** A top that one value in a hundred passes: a single flash must not press all the rest to the floor. */
export function usuallyBelow(curve: Curve): number {
  const rising = Float64Array.from(curve.values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const high = rising[Math.floor(rising.length * 0.99)] ?? 0;
  return Math.min(1.25 * high, highest(curve)) || 1;
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
