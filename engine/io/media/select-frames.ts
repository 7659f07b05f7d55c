/**
 * An ffmpeg expression (for the `select` filter) that is true for frames with one of the given PTS.
 *
 * The list becomes a binary search, so that a frame costs log2(n) comparisons, and the nesting stays shallow.
 * Of several frames with one PTS, the first is taken.
 *
 * @param pts rising, in ticks of the filter's input
 */
export function selectFrames(pts: readonly number[]): string {
  // Before the first selection `prev_selected_pts` is NaN, and `lte` with NaN is 0.
  return `(${search(pts, 0, pts.length)})*not(lte(pts,prev_selected_pts))`;
}

function search(pts: readonly number[], from: number, to: number): string {
  if (from >= to) return '0';
  if (to - from === 1) return `eq(pts,${pts[from]})`;
  const middle = (from + to) >> 1;
  return `if(lt(pts,${pts[middle]}),${search(pts, from, middle)},${search(pts, middle, to)})`;
}
