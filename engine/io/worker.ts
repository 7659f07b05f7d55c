/** The module that a worker thread runs. */

import { perform } from './perform.ts';
import { realWorld } from './real-world.ts';
import type { Task, TaskResult } from './task.ts';

const world = realWorld();

/** A worker is stopped from outside, as a whole: its actions see no other signal. */
const never = new AbortController().signal;

export default function work(task: Task): Promise<TaskResult> {
  return perform(task, world, never);
}
