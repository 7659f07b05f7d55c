/** Tracks for spans: those of one track never overlap, or a viewer would drop some of them. */

export interface Lane {
  readonly tid: number;
  readonly name: string;
  /** Where the track stands among the others, from above. */
  readonly order: number;
  endUs: number;
}

export interface Placed {
  readonly lane: Lane;
  readonly isNew: boolean;
  readonly startUs: number;
  readonly endUs: number;
}

/** Times of several threads, rounded, differ by so much where one thing follows the other at once. */
const grainUs = 3;
/** Viewers hide what takes no time. */
const shortestUs = 1;
const idsPerLane = 100_000;
/** For spans whose thread was lost before it could tell its number. */
const lostThread = idsPerLane - 2;

export class Lanes {
  readonly #lanes = new Map<number, Lane[]>();

  /**
   * Finds room for a span. A worker does one thing at a time and has one lane; the engine's thread waits for several
   * programs at once, and gets as many as it takes. Spans have to come in the order of their ends.
   *
   * @param worker number of the thread, 0 for the engine's; undefined for one that was lost
   */
  place(worker: number | undefined, startUs: number, endUs: number): Placed {
    const thread = worker ?? lostThread;
    const lanes = this.#lanes.get(thread) ?? [];
    this.#lanes.set(thread, lanes);
    const free = lanes.find((lane) => lane.endUs - grainUs <= startUs);
    const lane = free ?? newLane(thread, lanes.length);
    if (!free) lanes.push(lane);
    const start = Math.max(startUs, lane.endUs);
    lane.endUs = Math.max(endUs, start + shortestUs);
    return { lane, isNew: !free, startUs: start, endUs: lane.endUs };
  }
}

function newLane(thread: number, index: number): Lane {
  const name = thread === 0 ? 'engine' : thread === lostThread ? 'lost threads' : `worker ${thread}`;
  const tid = 1 + thread + index * idsPerLane; // Not 0: to viewers that is no thread.
  return { tid, name: index === 0 ? name : `${name} (${index + 1})`, order: thread * 1000 + index, endUs: 0 };
}
