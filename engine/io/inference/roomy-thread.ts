/**
 * A thread with room for its garbage.
 *
 * V8 sets the limit of a thread's old generation by what little lives there, and counts the buffers of arrays that pass
 * through against it: a thread with 9 MB of objects that hands tensors on was collected several times a second, which took
 * 5 % of all cores. One that is started here begins with a limit of 64 MiB instead. The flag is taken back then: while it
 * is set, V8 takes no code from caches that were written without it.
 */
import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions } from 'node:worker_threads';

const initialMiB = 64;

export function roomyThread(module: URL, options: WorkerOptions): Worker {
  setFlagsFromString(`--initial-old-space-size=${initialMiB}`);
  const thread = new Worker(module, options);
  thread.once('online', () => setFlagsFromString('--initial-old-space-size=0'));
  return thread;
}
