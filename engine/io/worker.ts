/** The module that a worker thread runs. */
import { perform } from './perform.ts';
import { realWorld } from './real-world.ts';
import { noteLetGo } from './shared-memory.ts';
import type { Task, TaskResult } from './task.ts';

const world = realWorld();

/** A worker is stopped from outside, as a whole: its actions see no other signal. */
const never = new AbortController().signal;

/** Of the task before, whose arrays nobody in this thread refers to once the next one has come. */
let usedBytes = 0;

export default async function work(task: Task): Promise<TaskResult> {
  noteLetGo(usedBytes);
  const result = await perform(task, world, never);
  usedBytes = bytesOfInputs(task) + bytesOfOutputs(result);
  return result;
}

function bytesOfInputs({ calls }: Task): number {
  const inputs = calls.flatMap((call) => call.inputs);
  const parts = calls.flatMap((call) => call.parts.flatMap((part) => Object.values(part.outputs)));
  const ofInputs = inputs.reduce(
    (sum, input) => sum + (input.type === 'artifact' ? input.bytes.length : 0),
    0,
  );
  return parts.reduce((sum, bytes) => sum + bytes.length, ofInputs);
}

/** Twice, at most: as the rule gave them, and as they were written. */
function bytesOfOutputs(result: TaskResult): number {
  if ('error' in result) return 0;
  const outputs = result.results.flatMap((call) => Object.values(call.outputs));
  return 2 * outputs.reduce((sum, output) => sum + output.bytes.length, 0);
}
