/**
 * Gives shared memory back in time.
 *
 * V8 collects garbage when its own heap grows. The handle of a SharedArrayBuffer is a few bytes of that heap, however large
 * the memory behind it, and a handle that came from another thread is not counted at all: an hour of film leaves gigabytes
 * behind before V8 looks. So each thread counts what it lets go, and collects now and then: some milliseconds for each 64 MiB.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const collectAfterBytes = 64 * 2 ** 20;

let collect: (() => void) | undefined;
let letGoBytes = 0;

/** Notes that this thread has dropped its last references to so many bytes of shared memory. */
export function noteLetGo(bytes: number): void {
  letGoBytes += bytes;
  if (letGoBytes < collectAfterBytes) return;
  letGoBytes = 0;
  collect ??= garbageCollector();
  collect();
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void; // What the flag adds to every new context.
}
