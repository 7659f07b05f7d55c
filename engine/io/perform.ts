/** Performs the actions of a task: reads the inputs, calls the rule, checks and writes the outputs. */
import { readFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { decodeArtifact, type EncodedArtifact, encodeArtifact } from '../core/artifact-codec.ts';
import { readMeta } from '../core/artifact-meta.ts';
import { checkOutputs } from '../core/check-output.ts';
import { concatenateParts } from '../core/concatenate-parts.ts';
import { type ErrorRecord, FlowError, toFlowError, toRecord } from '../core/errors.ts';
import type { Kind } from '../core/kind.ts';
import type { Media } from '../core/media.ts';
import { array, type NdArray } from '../core/nd-array.ts';
import type { NpzArrays } from '../core/npz.ts';
import type {
  ErasedMergeArgs,
  ErasedRunArgs,
  InputSpec,
  Outputs,
  Programs,
  Rule,
  RuleContext,
  Values,
} from '../core/rule.ts';
import { importRule } from './import-rule.ts';
import { boundModels } from './inference/line.ts';
import { excerptOf, toSourcePlaces } from './source-place.ts';
import type { CallResult, Task, TaskCall, TaskInput, TaskResult } from './task.ts';

/** The world as rules may reach it. */
export interface World {
  readonly media: Media;
  readonly program: Programs;
}

export async function perform(task: Task, world: World, signal: AbortSignal): Promise<TaskResult> {
  const startedMs = performance.now();
  const answer = await attempt(task, world, signal);
  const durationMs = performance.now() - startedMs;
  return { ...answer, worker: threadId, startedAtMs: performance.timeOrigin + startedMs, durationMs };
}

type Answer = { readonly results: readonly CallResult[] } | { readonly error: ErrorRecord };

async function attempt(task: Task, world: World, signal: AbortSignal): Promise<Answer> {
  try {
    const rule = await importRule(task.bundle);
    const results =
      task.phase === 'merge'
        ? [await merge(rule, task.calls[0]!, world, signal)]
        : await run(rule, task, world, signal);
    return { results };
  } catch (thrown) {
    return { error: toRecord(toRuleError(thrown, signal)) };
  }
}

/** What a rule throws is the rule's fault, unless it says otherwise. */
function toRuleError(thrown: unknown, signal: AbortSignal): FlowError {
  if (thrown instanceof FlowError) return thrown;
  if (signal.aborted && signal.reason instanceof FlowError) return signal.reason;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (cause.stack !== undefined) cause.stack = toSourcePlaces(cause.stack);
  if (['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '')) return toFlowError(cause);
  const where = placeOf(cause);
  return new FlowError({
    code: 'rule_failed',
    blame: 'rule',
    message: `Cannot finish the rule: ${cause.message}`,
    where,
    excerpt: where && excerptOf(where),
    fix: 'Correct the rule, or its input. Run with --verbose for the stack.',
    cause,
  });
}

function placeOf(error: Error): string | undefined {
  return /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?/.exec(
    error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '',
  )?.[1];
}

async function run(
  rule: Rule,
  { calls, models: taskModels }: Task,
  world: World,
  signal: AbortSignal,
): Promise<CallResult[]> {
  const notes = calls.map(() => new Notes());
  const models = taskModels ? boundModels(taskModels) : {};
  const args = calls.map((call, index) => ({
    ...runArgs(rule, call, notes[index]!.contextOf(world, signal)),
    models,
  }));
  const values =
    rule.runTogether && args.length > 1 ? await rule.runTogether(args) : await runEach(rule, args);
  return calls.map((call, index) => {
    const outputs = call.segment ? (rule.parts ?? rule.outputs(call.params)) : rule.outputs(call.params);
    const sampleCount = countSamples(args[index]!.inputs);
    return finish(rule, { outputs, values: values[index]!, call, notes: notes[index]!, sampleCount });
  });
}

async function runEach(rule: Rule, args: readonly ErasedRunArgs[]): Promise<Values[]> {
  const values: Values[] = [];
  for (const one of args) values.push(await rule.run(one));
  return values;
}

async function merge(rule: Rule, call: TaskCall, world: World, signal: AbortSignal): Promise<CallResult> {
  const notes = new Notes();
  const outputs = rule.outputs(call.params);
  const kinds = rule.merge ? (rule.parts ?? outputs) : outputs;
  const parts = call.parts.map(({ origin, outputs: made }) => ({ origin, values: decodeAll(kinds, made) }));
  const args: ErasedMergeArgs = {
    ...notes.contextOf(world, signal),
    params: call.params,
    inputs: inputsOf(rule, call.inputs),
    parts,
  };
  const values = rule.merge ? await rule.merge(args) : concatenateParts(outputs, parts);
  // Without a merge of its own a rule is empty where all of its parts are, or where there are none.
  if (!rule.merge && call.parts.every((part) => part.emptyReason !== undefined))
    notes.emptyReason = call.parts[0]?.emptyReason ?? 'no segments';
  const sampleCount = parts.reduce((sum, part) => sum + countSamples(part.values), 0);
  return finish(rule, { outputs, values, call, notes, sampleCount });
}

function decodeAll(kinds: Outputs, made: Readonly<Record<string, Uint8Array>>): Values {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, decodeArtifact(kind, made[name]!)]),
  );
}

function runArgs(rule: Rule, call: TaskCall, context: RuleContext): Omit<ErasedRunArgs, 'models'> {
  const own = call.inputs.filter((input) => input.type !== 'artifact' || input.haloFrames === undefined);
  const halos = call.inputs.filter((input) => input.type === 'artifact' && input.haloFrames !== undefined);
  return {
    ...context,
    params: call.params,
    segment: call.segment,
    inputs: inputsOf(rule, own),
    halo: inputsOf(rule, halos),
  };
}

function inputsOf(rule: Rule, inputs: readonly TaskInput[]): Values {
  return Object.fromEntries(
    inputs.map((input) => [input.name, inputValue(readingOf(rule, input.name), input)]),
  );
}

/** How an input is read: what of its declaration says so. */
type Reading = Pick<InputSpec, 'kind' | 'readsMeta'>;

/** The inputs of an open rule are read as bytes. */
function readingOf(rule: Rule, input: string): Reading {
  return rule.inputs === 'open'
    ? { kind: { format: 'bytes', extension: '', isEphemeral: false }, readsMeta: false }
    : rule.inputs[input]!;
}

function inputValue({ kind, readsMeta }: Reading, input: TaskInput): unknown {
  switch (input.type) {
    case 'absent':
      return undefined;
    case 'files': {
      const sources = input.files.map(({ name, path }) => ({ name, path, read: () => readFileSync(path) }));
      return input.isList ? sources : sources[0];
    }
    case 'artifact': {
      const value = decodeArtifact(kind, input.bytes);
      if (readsMeta) return { ...(value as NpzArrays), meta: readMeta(input.bytes) };
      return input.haloFrames === undefined ? value : lastRows(kind, value as NpzArrays, input.haloFrames);
    }
    default:
      throw new TypeError(`unknown input ${input satisfies never}`);
  }
}

/** The last rows of each array whose first axis is the kind's time axis: the first axis that has a name. */
function lastRows(kind: Kind, arrays: NpzArrays, count: number): NpzArrays {
  const specs = Object.entries(kind.arrays!);
  const axis = specs.map(([, spec]) => spec.shape[0]).find((length) => typeof length === 'string');
  return Object.fromEntries(
    specs.map(([name, spec]) => [name, spec.shape[0] === axis ? tail(arrays[name]!, count) : arrays[name]!]),
  );
}

function tail({ dtype, shape, data }: NdArray, count: number): NdArray {
  const rows = Math.min(count, shape[0]!);
  const rest = shape.slice(1);
  const length = rest.reduce((product, axis) => product * axis, rows);
  return array(dtype, data.slice(data.length - length) as NdArray['data'], [rows, ...rest]);
}

interface Finished {
  readonly outputs: Outputs;
  readonly values: Values;
  readonly call: TaskCall;
  readonly notes: Notes;
  readonly sampleCount: number;
}

function finish(rule: Rule, finished: Finished): CallResult {
  const { outputs, values, notes } = finished;
  checkOutputs(rule.name, outputs, values);
  const encoded: Record<string, EncodedArtifact> = {};
  for (const [name, kind] of Object.entries(outputs)) {
    encoded[name] = encodeArtifact(kind, values[name], metaOf(name, finished));
  }
  return { outputs: encoded, emptyReason: notes.emptyReason, warnings: notes.warnings };
}

function metaOf(output: string, { call, notes, sampleCount }: Finished): Record<string, unknown> {
  const { sampling, ...rest } = call.meta as { sampling: Record<string, unknown> | null };
  return {
    ...rest,
    output,
    sampling: sampling && { ...sampling, count: sampleCount },
    status: notes.emptyReason === undefined ? 'success' : 'empty',
    empty_reason: notes.emptyReason ?? null,
  };
}

/** How many frames were looked at: told by the first artifact that numbers them. */
function countSamples(values: Values): number {
  const arrays = Object.values(values) as (Partial<NpzArrays> | undefined)[]; // What other kinds hold is not looked at.
  const [looked] = arrays.flatMap(
    (one) => one?.sampled_frame_indices ?? one?.frame_indices ?? one?.times_sec ?? [],
  );
  return looked?.shape[0] ?? 0;
}

/** What a rule says besides its outputs. */
class Notes {
  emptyReason: string | undefined;
  readonly warnings: string[] = [];

  contextOf(world: World, signal: AbortSignal): RuleContext {
    return {
      ...world,
      signal,
      empty: (reason) => {
        this.emptyReason = reason;
      },
      warn: (message) => {
        this.warnings.push(message);
      },
    };
  }
}
