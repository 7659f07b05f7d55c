/**
 * Times of frames that do not depend on the container.
 *
 * Matroska and WebM round each time to a millisecond, MP4 keeps it. So that a film moved from one to the other
 * keeps its digests, times that lie on the grid of a usual frame rate, as near as rounding allows, are taken to
 * be that grid. What lies on no such grid (a variable frame rate) keeps its times exactly as written, and then
 * another container may mean other digests. Both the digest of a segment and the times in its artifacts come
 * from here, so that equal digests always mean equal times.
 */

/**
 * Seconds from the first frame to each frame.
 *
 * @param pts rising, in ticks; at least one
 * @param timeBase seconds a tick, as numerator and denominator
 * @param rate the rate that the frames are known to keep to, by `gridRate` of them or of the whole film
 */
export function frameTimes(pts: readonly number[], timeBase: TimeBase, rate: Rate | undefined): Float64Array {
  const seconds = writtenTimes(pts, timeBase);
  return rate === undefined ? seconds : seconds.map((second) => nearestSlot(second, rate));
}

/**
 * The time at which the frames end, on their grid if they have one and the end is near it.
 *
 * @param endPts end of the last frame, in ticks since the first frame
 * @returns seconds from the first frame
 */
export function endTime(endPts: number, timeBase: TimeBase, rate: Rate | undefined): number {
  const written = toSeconds(endPts, timeBase);
  if (rate === undefined) return written;
  const onGrid = nearestSlot(written, rate);
  return Math.abs(onGrid - written) <= 2 * roundingSec ? onGrid : written;
}

/** Ticks as seconds: one division of whole numbers, so that 512/15360 and 1001/30030 give the same bits. */
export function toSeconds(ticks: number, [numerator, denominator]: TimeBase): number {
  return (ticks * numerator) / denominator;
}

/**
 * The usual rate whose grid has every frame within a millisecond, the nearest of those that have.
 *
 * A few frames lie on many grids. Ask for a whole film, and for a part of it only if the film has no rate.
 *
 * @returns frames and seconds; `undefined` if there is no such rate, or a single frame
 */
export function gridRate(pts: readonly number[], timeBase: TimeBase): Rate | undefined {
  if (pts.length < 2) return undefined;
  const seconds = writtenTimes(pts, timeBase);
  let best: { rate: Rate; error: number } | undefined;
  for (const rate of usualRates) {
    const error = distanceFromGrid(seconds, rate);
    // A multiple of a fitting rate fits as well: the lowest is kept unless another is really nearer.
    if (error !== undefined && (best === undefined || error < best.error - 1e-9)) best = { rate, error };
  }
  return best?.rate;
}

type TimeBase = readonly [numerator: number, denominator: number];

type Rate = readonly [frames: number, seconds: number];

// Rising. Those with 1001 are of NTSC descent.
const usualRates: readonly Rate[] = [
  [1, 1],
  [2, 1],
  [5, 1],
  [15000, 2002],
  [15, 2],
  [8, 1],
  [10, 1],
  [12000, 1001],
  [12, 1],
  [25, 2],
  [15000, 1001],
  [15, 1],
  [20, 1],
  [24000, 1001],
  [24, 1],
  [25, 1],
  [30000, 1001],
  [30, 1],
  [48000, 1001],
  [48, 1],
  [50, 1],
  [60000, 1001],
  [60, 1],
  [100, 1],
  [120000, 1001],
  [120, 1],
];

// The first frame and the frame itself are each off by up to half a millisecond; a little more for floats.
const roundingSec = 0.00105;

/** Root of the mean squared distance; `undefined` if one time is too far off or two share a slot. */
function distanceFromGrid(seconds: Float64Array, rate: Rate): number | undefined {
  let squares = 0;
  let previous = -1;
  for (const second of seconds) {
    const slotSec = nearestSlot(second, rate);
    if (Math.abs(second - slotSec) > roundingSec || slotSec <= previous) return undefined;
    squares += (second - slotSec) ** 2;
    previous = slotSec;
  }
  return Math.sqrt(squares / seconds.length);
}

function nearestSlot(second: number, [frames, seconds]: Rate): number {
  return (Math.round((second * frames) / seconds) * seconds) / frames;
}

function writtenTimes(pts: readonly number[], timeBase: TimeBase): Float64Array {
  const first = pts[0] ?? 0;
  return Float64Array.from(pts, (tick) => toSeconds(tick - first, timeBase));
}
