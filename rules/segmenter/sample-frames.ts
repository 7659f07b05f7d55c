/**
 * Which frames of a segment to look at for a sampling rate.
 *
 * The sample at time t is the last frame with a time of at most t; t = k / `fps` from the segment's first frame
 * on, so that a segment's samples do not depend on what comes before it. A frame is taken once at most.
 *
 * @param timesSec times of the frames since the first, rising
 * @param durationSec end of the last frame; seconds
 * @param fps samples a second, above 0
 * @returns positions in `timesSec`, rising
 */
export function sampleFrames(timesSec: ArrayLike<number>, durationSec: number, fps: number): number[] {
  const positions: number[] = [];
  for (let position = 0; position < timesSec.length; position += 1) {
    const isLast = position + 1 === timesSec.length;
    const endSec = isLast ? durationSec : timesSec[position + 1]!;
    // The first grid point that this frame is shown at, if it is still shown then.
    const gridPoint = Math.ceil(timesSec[position]! * fps - floatSlack);
    if (gridPoint < endSec * fps - floatSlack) positions.push(position);
  }
  return positions;
}

// Of a sampling interval: k / fps and a frame's time are rarely the same float when they mean the same time.
const floatSlack = 1e-6;
