/** Has actions performed: brings their inputs together, hands them to a worker, and minds the time. */
import { jointly, modelSignature, usedModel } from '../core/assigned-model.ts';
import { cancelled, FlowError, fromRecord } from '../core/errors.ts';
import type { Performed } from '../core/events.ts';
import { npzSchemaVersion } from '../core/manifest.ts';
import type { ActionNode, Binding } from '../core/plan.ts';
import type { FileIndex } from '../io/file-index.ts';
import type { Inference, InferenceLine } from '../io/inference/executor.ts';
import { perform, type World } from '../io/perform.ts';
import type { Pool } from '../io/pool.ts';
import type { Task, TaskCall, TaskInput, TaskResult } from '../io/task.ts';
import type { Ledger } from './ledger.ts';

export interface RunnerSetting {
  readonly ledger: Ledger;
  readonly index: FileIndex;
  readonly pool: Pool;
  readonly world: World;
  readonly inference: Inference;
  /** Ends whatever is running. */
  readonly hardStop: AbortSignal;
}

export type Prepared = { readonly call: TaskCall } | { readonly missing: ReadonlySet<ActionNode> };

/** What a thread gave, one result a call. */
type Done = Extract<TaskResult, { results: unknown }>;

type Read = (producer: ActionNode, output: string) => Promise<Uint8Array>;

const nothing = new Uint8Array(0);

export class ActionRunner {
  readonly #setting: RunnerSetting;
  readonly #running = new Map<AbortController, readonly ActionNode[]>();
  #isStale: (node: ActionNode) => boolean = () => false;

  constructor(setting: RunnerSetting) {
    this.#setting = setting;
  }

  /** Brings together what an action reads; or says whose bytes have to be made again first. */
  async prepare(node: ActionNode): Promise<Prepared> {
    const missing = new Set<ActionNode>();
    const read: Read = async (producer, output) => {
      const bytes = await this.#setting.ledger.bytesOf(producer, output);
      if (!bytes) missing.add(producer);
      return bytes ?? nothing;
    };
    const inputs: TaskInput[] = [];
    for (const binding of node.bindings) {
      const isLost = binding.type === 'halo' && !this.#setting.ledger.resultOf(binding.node);
      if (binding.type !== 'segment' && !isLost) inputs.push(await this.#inputOf(binding, read));
    }
    const parts = await this.#readParts(node, read);
    if (missing.size > 0) return { missing };
    return { call: { params: node.params, segment: node.segment, inputs, parts, meta: metaOf(node) } };
  }

  async #inputOf(binding: Exclude<Binding, { type: 'segment' }>, read: Read): Promise<TaskInput> {
    const { name, spec } = binding;
    switch (binding.type) {
      case 'absent':
        return { type: 'absent', name };
      case 'source':
        return { type: 'files', name, isList: spec.kind.format === 'files', files: binding.source.files };
      case 'artifact':
      case 'halo': {
        if (!this.#setting.ledger.resultOf(binding.node)) return { type: 'absent', name }; // An optional one that failed.
        const bytes = await read(binding.node, binding.output);
        return {
          type: 'artifact',
          name,
          bytes,
          ...(binding.type === 'halo' && { haloFrames: spec.haloFrames }),
        };
      }
      default:
        throw new TypeError(`unknown binding ${binding satisfies never}`);
    }
  }

  async #readParts(node: ActionNode, read: Read): Promise<TaskCall['parts']> {
    const parts: TaskCall['parts'][number][] = [];
    for (const { node: part, origin } of node.parts) {
      const outputs: Record<string, Uint8Array> = {};
      for (const output of Object.keys(part.outputs)) outputs[output] = await read(part, output);
      parts.push({ origin, outputs, emptyReason: this.#setting.ledger.resultOf(part)?.emptyReason });
    }
    return parts;
  }

  /**
   * Performs the calls of nodes of one rule, together, and notes who has done it.
   *
   * @throws {FlowError} of the rule; `rule_timeout`, `worker_lost`, `cancelled`; `input_unreadable` if a source file
   * is no longer what the key says
   */
  async perform(nodes: readonly ActionNode[], calls: readonly TaskCall[]): Promise<Done> {
    const node = nodes[0]!;
    const { rule, bundle } = node.component.loaded;
    const { pool, world, hardStop } = this.#setting;
    if (hardStop.aborted || nodes.every(this.#isStale)) throw cancelled(); // It came while the calls were prepared.
    using line = this.#lineFor(node);
    const task: Task = { bundle, phase: node.phase, calls, models: line && modelsOf(node, line) };
    const limit = new AbortController();
    this.#running.set(limit, nodes);
    const timer = setTimeout(() => limit.abort(timedOut(node)), rule.timeoutSec * 1000);
    const onHardStop = (): void => limit.abort(hardStop.reason);
    hardStop.addEventListener('abort', onHardStop, { once: true });
    try {
      const isHere = rule.placement === 'engine' && node.phase === 'run';
      const result: TaskResult = await (isHere
        ? unlessItHangs(perform(task, world, limit.signal), limit.signal)
        : pool.perform(task, limit.signal));
      this.#note(nodes, result);
      await this.#refuseChangedSources(node); // Also when the rule failed: that may be why.
      if ('error' in result) throw fromRecord(result.error);
      return result;
    } finally {
      clearTimeout(timer);
      hardStop.removeEventListener('abort', onHardStop);
      this.#running.delete(limit);
    }
  }

  /** The way to its models, for a rule that works with some; merges do not. */
  #lineFor({ component: { models }, phase, scope }: ActionNode): InferenceLine | undefined {
    if (models.length === 0 || phase === 'merge') return undefined;
    return this.#setting.inference.connect({ models, run: scope.label });
  }

  /** Ends what nobody waits for any more, and begins no more of it. */
  cancel(isStale: (node: ActionNode) => boolean): void {
    this.#isStale = isStale;
    for (const [limit, nodes] of this.#running) if (nodes.every(isStale)) limit.abort(cancelled());
  }

  #note(nodes: readonly ActionNode[], { worker, startedAtMs, durationMs: allMs }: Performed): void {
    const durationMs = allMs / nodes.length;
    for (const [index, node] of nodes.entries())
      this.#setting.ledger.of(node).performed = {
        worker,
        startedAtMs: startedAtMs + index * durationMs,
        durationMs,
      };
  }

  /** A rule reads its source files itself, after they were hashed: what it read must be what was hashed. */
  async #refuseChangedSources({ bindings }: ActionNode): Promise<void> {
    for (const binding of bindings) {
      if (binding.type !== 'source') continue;
      for (const { path, digest } of binding.source.files)
        if ((await this.#setting.index.digestOf(path)) !== digest) throw changedMeanwhile(path);
    }
  }
}

function modelsOf({ component }: ActionNode, { port }: InferenceLine): Task['models'] {
  return {
    port,
    entries: Object.fromEntries(component.models.map(({ slot, model }) => [slot, model.entry])),
  };
}

/** How long a rule in the engine's thread has to end once its signal has told it to. */
const graceMs = 1000;

/** The work's own end; but one that does not heed its signal is given up: nobody can stop it here. */
async function unlessItHangs<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => reject(signal.reason), graceMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** What `meta` says of an artifact; nothing that is not in the action's key. */
function metaOf({ component, params, sampling }: ActionNode): Record<string, unknown> {
  const models = component.models.map(usedModel);
  return {
    component: component.name,
    schema_version: npzSchemaVersion,
    producer_version: component.loaded.rule.version,
    rule_digest: component.loaded.digest,
    params,
    model_signature: modelSignature(component.models),
    models_used: models,
    engine: jointly(models, 'engine'),
    precision: jointly(models, 'precision'),
    device: jointly(models, 'device') ?? 'cpu',
    sampling: sampling ? { fps: sampling.fps, policy: component.samplingPolicyVersion } : null,
    analysis: sampling ? { ...sampling } : null,
  };
}

function changedMeanwhile(path: string): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot use "${path}": it changed while the build was running.`,
    fix: 'Build again. Nothing was stored.',
  });
}

function timedOut(node: ActionNode): FlowError {
  const { timeoutSec } = node.component.loaded.rule;
  return new FlowError({
    code: 'rule_timeout',
    blame: 'rule',
    message: `Cannot finish ${node.id}: it was still running after ${timeoutSec} s.`,
    fix: "Raise the rule's `timeoutSec`, or find out what it waits for.",
  });
}
