/** What the build takes of the machine. */
import { cpus } from 'node:os';

export interface ResourceUse {
  readonly cores: number;
  /** Mean of the last second, of all programs of the machine: the children that decode are no part of this process. */
  readonly busyCores: number;
  /** Memory of this process, its workers included. */
  readonly residentBytes: number;
  /** Of the engine's own thread. */
  readonly heapBytes: number;
}

/** Looking costs a millisecond on a machine of many cores. */
const freshMs = 1000;

export class ResourceMeter {
  #use: ResourceUse | undefined;
  #takenMs = 0;
  #times = coreTimes();

  /** @param nowMs of any clock that does not go back */
  read(nowMs: number): ResourceUse {
    if (this.#use && nowMs - this.#takenMs < freshMs) return this.#use;
    const [before, times] = [this.#times, coreTimes()];
    const passed = times.all - before.all;
    const { rss, heapUsed } = process.memoryUsage();
    this.#use = {
      cores: times.cores,
      busyCores: passed > 0 ? (times.cores * (times.busy - before.busy)) / passed : 0,
      residentBytes: rss,
      heapBytes: heapUsed,
    };
    this.#takenMs = nowMs;
    this.#times = times;
    return this.#use;
  }
}

function coreTimes(): { cores: number; busy: number; all: number } {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  return { cores: times.length, busy: all - idle, all };
}
