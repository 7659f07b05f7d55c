/** `defineRule`: how a rule says what it takes, what it gives, and how it is run. */
import type { z } from 'zod';
import type { ArtifactMeta } from './artifact-meta.ts';
import type { BoundModel, BoundModels, ModelSlots } from './bound-model.ts';
import type { Kind, Segment, ValueOf } from './kind.ts';
import type { Media } from './media.ts';
import type { ModelEntry } from './model-entry.ts';

/** What a component's profile asks of the source: all numbers positive. */
export interface Sampling {
  /** Samples a second on a grid that starts at each segment's first frame, or `keyframes`. */
  readonly fps: number | 'keyframes';
  /** Picture size in pixels; fitted by the producer to the source's shape. */
  readonly width: number;
  readonly height: number;
}

export interface InputSpec<
  K extends Kind = Kind,
  O extends boolean = boolean,
  P extends Phase = Phase,
  M extends boolean = boolean,
> {
  readonly kind: K;
  /** In a rule of scope `segment`: given to `run` for each segment, or once to `merge`. */
  readonly phase: P;
  /** May be left out of the graph, and its failure does not stop this rule. */
  readonly isOptional: O;
  /** What this input asks of its producer, whose rule takes it as params named `request`. */
  readonly request?: ((sampling: Sampling) => Readonly<Record<string, unknown>>) | undefined;
  /** As `request`, where it is the rule's models that decide: given their entries by their slots. */
  readonly modelRequest?:
    | ((entries: Readonly<Record<string, ModelEntry>>) => Readonly<Record<string, unknown>>)
    | undefined;
  /** The input that names this one's content; this one only says where it is and is not in the key. */
  readonly identifiedBy?: string | undefined;
  /** Number of frames of the segment before that `run` gets as `halo`. */
  readonly haloFrames: number;
  /** The value holds the NPZ's `meta` beside its arrays. The key then names the whole file, not only its arrays. */
  readonly readsMeta: M;
}

export type Phase = 'run' | 'merge';

export interface InputOptions<O extends boolean, P extends Phase, M extends boolean> {
  readonly phase?: P;
  readonly isOptional?: O;
  readonly request?: InputSpec['request'];
  readonly modelRequest?: InputSpec['modelRequest'];
  readonly identifiedBy?: string;
  readonly haloFrames?: number;
  readonly readsMeta?: M;
}

/** Declares an input. */
export function input<
  K extends Kind,
  O extends boolean = false,
  P extends Phase = 'run',
  M extends boolean = false,
>(kind: K, options: InputOptions<O, P, M> = {}): InputSpec<K, NoInfer<O>, NoInfer<P>, NoInfer<M>> {
  const { phase, isOptional, haloFrames = 0, readsMeta, ...rest } = options;
  return {
    kind,
    phase: (phase ?? 'run') as P, // The defaults of the type parameters and of the values agree.
    isOptional: (isOptional ?? false) as O,
    haloFrames,
    readsMeta: (readsMeta ?? false) as M,
    ...rest,
  };
}

export type Inputs = Readonly<Record<string, InputSpec>>;
export type Outputs = Readonly<Record<string, Kind>>;

export type ValuesOf<O extends Outputs> = { readonly [K in keyof O]: ValueOf<O[K]> };

type InputValue<S> =
  S extends InputSpec<infer K, infer O, Phase, infer M>
    ? ArtifactOf<K, M> | (true extends O ? undefined : never)
    : never;

type ArtifactOf<K, M extends boolean> = true extends M ? WithMeta<ValueOf<K>> : ValueOf<K>;

/** Arrays with the `meta` of the file that they are from. */
export type WithMeta<A> = A & { readonly meta: ArtifactMeta };

export type InputValues<I extends Inputs, P extends Phase> = {
  readonly [K in keyof I as I[K] extends InputSpec<Kind, boolean, P> ? K : never]: InputValue<I[K]>;
};

/** What every call of a rule can reach of the world. */
export interface RuleContext {
  readonly signal: AbortSignal;
  readonly media: Media;
  readonly program: Programs;
  /** Marks the result as empty, with the reason; outputs must still be valid, with arrays of length zero. */
  empty(reason: string): void;
  /** Notes something that the user should know; it is kept with the result. */
  warn(message: string): void;
}

/** Runs a command in an empty folder that holds only what is named here. */
export interface Programs {
  run(command: ProgramCommand, signal: AbortSignal): Promise<ProgramResult>;
}

export interface ProgramCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Name in the folder → file to link or bytes to write there. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Names in the folder that are read back; a missing one is `output_invalid`. */
  readonly outputs: readonly string[];
}

export interface ProgramResult {
  readonly outputs: ReadonlyMap<string, Uint8Array>;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunArgs<I extends Inputs, P, L extends ModelSlots = Record<never, never>>
  extends RuleContext {
  readonly inputs: InputValues<I, 'run'>;
  readonly params: P;
  readonly models: BoundModels<L>;
  /** The segment at hand, in a rule of scope `segment` that takes the table of segments; else undefined. */
  readonly segment: Segment | undefined;
  /** The last frames of the segment before, for inputs that asked for them; absent in the first segment. */
  readonly halo: Partial<InputValues<I, 'run'>>;
}

/** Where a part's zero lies in the whole. */
export interface PartOrigin {
  /** Seconds from the start of the video. */
  readonly startSec: number;
  readonly durationSec: number;
  readonly firstFrame: number;
  /** Frames of the video in the part, sampled or not. */
  readonly frameCount: number;
}

export interface MergeArgs<I extends Inputs, Q extends Outputs, P> extends RuleContext {
  readonly inputs: InputValues<I, 'merge'>;
  readonly params: P;
  /** What `run` gave for each segment, in their order. */
  readonly parts: readonly { readonly origin: PartOrigin; readonly values: ValuesOf<Q> }[];
}

export interface Resources {
  /** Cores in use while it runs; 0 for an action that only waits. */
  readonly cores: number;
  readonly memoryMiB: number;
}

export interface RuleSpec<
  N extends string,
  S extends z.ZodObject,
  M extends keyof z.output<S> & string,
  I extends Inputs,
  Q extends Outputs,
  O extends Outputs,
  L extends ModelSlots,
> {
  /** The rule's path under `rules/`, without ending: `visual/cut-detection`. */
  readonly name: N;
  /** For people (`producer_version`). The key holds the digest of this rule's own bundle. */
  readonly version: string;
  readonly scope: 'whole' | 'segment';
  readonly params: S;
  /** Params that only `merge` reads; a change of them repeats no segment. */
  readonly mergeParams?: readonly M[];
  readonly inputs: I;
  readonly models?: L;
  /** What `run` gives for one segment, where `merge` makes something else of it. */
  readonly parts?: Q;
  readonly outputs: O;
  readonly resources?: Partial<Resources>;
  /** Where it runs: on a CPU worker, or in the engine's own thread (for work of microseconds). */
  readonly placement?: 'worker' | 'engine';
  /** Declares that two runs may differ in their bytes. */
  readonly isDeterministic?: boolean;
  /** External programs whose versions are in the key. */
  readonly programs?: readonly string[];
  readonly timeoutSec?: number;
  run(
    args: RunArgs<I, Omit<z.output<S>, M>, L>,
  ): ValuesOf<string extends keyof Q ? O : Q> | Promise<ValuesOf<string extends keyof Q ? O : Q>>;
  /**
   * Does several actions of one component and one segment, which differ in `request` alone, in one call: for rules
   * whose main cost they share. Gives the results in the order of the actions.
   */
  runTogether?(args: readonly RunArgs<I, Omit<z.output<S>, M>, L>[]): Promise<readonly ValuesOf<O>[]>;
  merge?(args: MergeArgs<I, Q, z.output<S>>): ValuesOf<O> | Promise<ValuesOf<O>>;
}

/** A rule as the engine holds it: the types of its inputs and outputs erased, defaults applied. */
export interface Rule {
  readonly name: string;
  readonly version: string;
  readonly scope: 'whole' | 'segment';
  readonly params: z.ZodObject;
  readonly mergeParams: readonly string[];
  /** `open`: the component names its inputs, any number of them. */
  readonly inputs: Inputs | 'open';
  readonly models: ModelSlots;
  readonly parts: Outputs | undefined;
  readonly outputs: (params: Readonly<Record<string, unknown>>) => Outputs;
  readonly resources: Resources;
  readonly placement: 'worker' | 'engine';
  readonly isDeterministic: boolean;
  readonly programs: (params: Readonly<Record<string, unknown>>) => readonly string[];
  readonly timeoutSec: number;
  readonly run: (args: ErasedRunArgs) => Values | Promise<Values>;
  readonly runTogether: ((args: readonly ErasedRunArgs[]) => Promise<readonly Values[]>) | undefined;
  readonly merge: ((args: ErasedMergeArgs) => Values | Promise<Values>) | undefined;
}

export type Values = Readonly<Record<string, unknown>>;

export interface ErasedRunArgs extends RuleContext {
  readonly inputs: Values;
  readonly params: Values;
  readonly models: Readonly<Record<string, BoundModel | undefined>>;
  readonly segment: Segment | undefined;
  readonly halo: Values;
}

export interface ErasedMergeArgs extends RuleContext {
  readonly inputs: Values;
  readonly params: Values;
  readonly parts: readonly { readonly origin: PartOrigin; readonly values: Values }[];
}

const defaultResources: Resources = { cores: 1, memoryMiB: 256 };
const defaultTimeoutSec = 3600;

/**
 * Declares a rule. The names and types of inputs, params and outputs are checked by the compiler; values are
 * checked again when the rule runs.
 */
export function defineRule<
  const N extends string,
  S extends z.ZodObject,
  const I extends Inputs,
  const O extends Outputs,
  // Without parts of its own, a rule's parts are its outputs: `Outputs` itself stands for 'none given'.
  const Q extends Outputs = Outputs,
  const M extends keyof z.output<S> & string = never,
  const L extends ModelSlots = Record<never, never>,
>(spec: RuleSpec<N, S, M, I, Q, O, L>): Rule {
  const { outputs, programs = [], models = {}, mergeParams = [] } = spec;
  return {
    name: spec.name,
    version: spec.version,
    scope: spec.scope,
    params: spec.params,
    mergeParams,
    inputs: spec.inputs,
    models,
    parts: spec.parts,
    outputs: () => outputs,
    resources: { ...defaultResources, ...spec.resources },
    placement: spec.placement ?? 'worker',
    isDeterministic: spec.isDeterministic ?? true,
    programs: () => programs,
    timeoutSec: spec.timeoutSec ?? defaultTimeoutSec,
    run: spec.run as unknown as Rule['run'], // The engine checks the values against the kinds that typed them.
    runTogether: spec.runTogether as unknown as Rule['runTogether'],
    merge: spec.merge as unknown as Rule['merge'],
  };
}

/** A rule whose inputs and outputs each component names for itself, as `exec` does. */
export interface OpenRuleSpec<S extends z.ZodObject> {
  readonly name: string;
  readonly version: string;
  readonly params: S;
  readonly outputs: (params: z.output<S>) => Outputs;
  readonly programs: (params: z.output<S>) => readonly string[];
  readonly resources?: Partial<Resources>;
  readonly placement?: 'worker' | 'engine';
  readonly timeoutSec?: number;
  run(args: ErasedRunArgs & { readonly params: z.output<S> }): Values | Promise<Values>;
}

/** Declares an open rule. */
export function defineOpenRule<S extends z.ZodObject>(spec: OpenRuleSpec<S>): Rule {
  return {
    name: spec.name,
    version: spec.version,
    scope: 'whole',
    params: spec.params,
    mergeParams: [],
    inputs: 'open',
    models: {},
    parts: undefined,
    outputs: spec.outputs as Rule['outputs'], // The engine passes what `params` has parsed.
    resources: { ...defaultResources, ...spec.resources },
    placement: spec.placement ?? 'worker',
    isDeterministic: true,
    programs: spec.programs as Rule['programs'],
    timeoutSec: spec.timeoutSec ?? defaultTimeoutSec,
    run: spec.run as unknown as Rule['run'],
    runTogether: undefined,
    merge: undefined,
  };
}
