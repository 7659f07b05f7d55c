/**
 * The state of a run: what its journal says, line by line, and what the journal comes to.
 *
 * Level 1 is the list of runs of a results folder, level 2 one run (`run_state.json`), level 3 one processor of a run
 * (`state_<processor>.json`). All of them can be had again from the journal; the journal is only ever added to.
 */
import { z } from 'zod';
import { errorCodes } from './errors.ts';

const componentStatuses = ['waiting', 'running', 'success', 'empty', 'error', 'skipped'] as const;

const componentStatus = z.enum(componentStatuses);
const runStatus = z.enum(['running', 'success', 'partial', 'error', 'cancelled']);
const errorCode = z.enum(errorCodes);
const time = z.iso.datetime();

/** What every line of a journal has. */
const line = {
  at: time,
  /** The build that wrote it: several may write to one journal. */
  build: z.string(),
};

const runName = { platform_id: z.string(), video_id: z.string(), run_id: z.string() };

export const recordSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...line,
    type: z.literal('run_started'),
    ...runName,
    stage: z.string(),
    profile: z.string(),
    flow_version: z.string(),
    /** Number and start time of the process, to tell whether it still lives. */
    process: z.string(),
    host: z.string(),
    components: z.array(z.strictObject({ name: z.string(), processor: z.string(), required: z.boolean() })),
  }),
  z.strictObject({
    ...line,
    type: z.literal('component'),
    component: z.string(),
    status: componentStatus,
    reason: z.string().optional(),
    error_code: errorCode.optional(),
    cache: z.enum(['local', 'remote', 'none']).optional(),
    duration_ms: z.number().nonnegative().optional(),
    outputs: z.number().int().nonnegative().optional(),
    bytes: z.number().int().nonnegative().optional(),
  }),
  z.strictObject({
    ...line,
    type: z.literal('action'),
    component: z.string(),
    action: z.string(),
    segment: z.number().int().nonnegative().optional(),
    status: z.enum(['started', 'finished', 'retried', 'failed']),
    key: z.string().optional(),
    attempt: z.number().int().positive().optional(),
    duration_ms: z.number().nonnegative().optional(),
    error_code: errorCode.optional(),
  }),
  z.strictObject({ ...line, type: z.literal('run_finished'), status: runStatus }),
]);

export type JournalRecord = z.output<typeof recordSchema>;

const componentState = z.strictObject({
  processor: z.string(),
  required: z.boolean(),
  status: componentStatus,
  reason: z.string().optional(),
  error_code: errorCode.optional(),
  cache: z.enum(['local', 'remote', 'none']).optional(),
  started_at: time.nullable(),
  finished_at: time.nullable(),
  duration_ms: z.number().nonnegative(),
  outputs: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  actions: z.strictObject({
    running: z.number().int().nonnegative(),
    finished: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    retried: z.number().int().nonnegative(),
  }),
});

const checkpoints = z.strictObject({
  /** Length of the journal that this was made from; bytes. */
  journal_bytes: z.number().int().nonnegative(),
  written_at: time,
});

/** Of a processor: the gravest thing that is true of its components. */
const processorState = z.strictObject({
  status: componentStatus,
  components: z.record(z.string(), componentStatus),
});

export const runStateSchema = z.strictObject({
  schema_version: z.literal(1),
  run: z.strictObject({
    ...runName,
    stage: z.string(),
    profile: z.string(),
    status: runStatus,
    build: z.string(),
    process: z.string(),
    host: z.string(),
    flow_version: z.string(),
    started_at: time,
    finished_at: time.nullable(),
  }),
  processors: z.record(z.string(), processorState),
  components: z.record(z.string(), componentState),
  checkpoints,
});

export const processorStateSchema = z.strictObject({
  schema_version: z.literal(1),
  run: z.strictObject(runName),
  processors: z.record(z.string(), processorState),
  components: z.record(z.string(), componentState),
  checkpoints,
});

export type RunStateDocument = z.output<typeof runStateSchema>;
export type ProcessorStateDocument = z.output<typeof processorStateSchema>;
export type ComponentState = z.output<typeof componentState>;
export type ComponentStateStatus = ComponentState['status'];

/** The state that records add up to. */
export class RunState {
  #run: RunStateDocument['run'] | undefined;
  readonly #components = new Map<string, ComponentState>();

  /** Undefined until the run has started. */
  get run(): RunStateDocument['run'] | undefined {
    return this.#run;
  }

  get components(): ReadonlyMap<string, ComponentState> {
    return this.#components;
  }

  get processors(): string[] {
    return [...new Set([...this.#components.values()].map(({ processor }) => processor))];
  }

  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'run_started':
        return this.#start(record);
      case 'component':
        return this.#applyToComponent(record);
      case 'action':
        return this.#applyAction(record);
      case 'run_finished':
        if (this.#run) this.#run = { ...this.#run, status: record.status, finished_at: record.at };
        return;
      default:
        record satisfies never;
    }
  }

  /** Level 2. @throws {TypeError} if the run has not started */
  document(checkpoint: RunStateDocument['checkpoints']): RunStateDocument {
    if (!this.#run) throw new TypeError('a run that has not started has no state');
    const names = this.processors;
    return {
      schema_version: 1,
      run: this.#run,
      processors: Object.fromEntries(names.map((name) => [name, this.#processor(name)])),
      components: Object.fromEntries(this.#components),
      checkpoints: checkpoint,
    };
  }

  /** Level 3. @throws {TypeError} if the run has not started */
  processorDocument(processor: string, checkpoint: RunStateDocument['checkpoints']): ProcessorStateDocument {
    const { run, components, checkpoints: at } = this.document(checkpoint);
    const { platform_id, video_id, run_id } = run;
    const own = Object.entries(components).filter(([, component]) => component.processor === processor);
    return {
      schema_version: 1,
      run: { platform_id, video_id, run_id },
      processors: { [processor]: this.#processor(processor) },
      components: Object.fromEntries(own),
      checkpoints: at,
    };
  }

  #start(record: Extract<JournalRecord, { type: 'run_started' }>): void {
    const { type, at, components, ...run } = record;
    this.#run = { ...run, status: 'running', started_at: at, finished_at: null };
    this.#components.clear();
    for (const { name, processor, required } of components)
      this.#components.set(name, newComponent(processor, required));
  }

  #applyToComponent(record: Extract<JournalRecord, { type: 'component' }>): void {
    const before = this.#components.get(record.component);
    if (!before) return; // Of a build that another one has overtaken.
    const { type, at, build, component, status, ...told } = record;
    const { duration_ms = before.duration_ms, outputs = before.outputs, bytes = before.bytes } = told;
    const isOver = status !== 'waiting' && status !== 'running';
    this.#components.set(component, {
      ...before,
      ...told,
      duration_ms,
      outputs,
      bytes,
      status,
      started_at: before.started_at ?? (status === 'waiting' ? null : at),
      finished_at: isOver ? at : null,
    });
  }

  #applyAction({ component, status }: Extract<JournalRecord, { type: 'action' }>): void {
    const before = this.#components.get(component);
    if (!before) return;
    const { actions } = before;
    const left = Math.max(0, actions.running - 1);
    const after =
      status === 'started'
        ? { ...actions, running: actions.running + 1 }
        : { ...actions, running: left, [status]: actions[status] + 1 };
    this.#components.set(component, { ...before, actions: after });
  }

  #processor(name: string): RunStateDocument['processors'][string] {
    const own = [...this.#components].filter(([, { processor }]) => processor === name);
    const statuses = own.map(([, { status }]) => status);
    return {
      status: worstOf(statuses),
      components: Object.fromEntries(own.map(([component, { status }]) => [component, status])),
    };
  }
}

function newComponent(processor: string, required: boolean): ComponentState {
  return {
    processor,
    required,
    status: 'waiting',
    started_at: null,
    finished_at: null,
    duration_ms: 0,
    outputs: 0,
    bytes: 0,
    actions: { running: 0, finished: 0, failed: 0, retried: 0 },
  };
}

/** A processor waits until one of its components does not, runs until all are over, and is then the worst of them. */
function worstOf(statuses: readonly ComponentStateStatus[]): ComponentStateStatus {
  if (statuses.every((status) => status === 'waiting')) return 'waiting';
  if (statuses.some((status) => status === 'waiting' || status === 'running')) return 'running';
  const gravest = ['error', 'skipped', 'success', 'empty'] as const;
  return gravest.find((status) => statuses.includes(status)) ?? 'success';
}
