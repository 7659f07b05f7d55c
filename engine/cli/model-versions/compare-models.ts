/** Holds a model against another one: size, speed, and how far they agree. */
import { statSync } from 'node:fs';
import type { Box } from '../../core/box.ts';
import { type BoxAgreement, boxAgreement, type FoundBox } from '../../core/box-agreement.ts';
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import type { NpzArrays } from '../../core/npz.ts';
import type { Values } from '../../core/rule.ts';
import type { Tensors } from '../../core/tensor.ts';
import { type Agreement, TensorAgreement } from '../../core/tensor-agreement.ts';
import type { Shown } from './film-session.ts';
import type { ShownModel } from './model-user.ts';
import { noiseFeeds } from './noise-feeds.ts';
import type { ModelThread, RunModel } from './running-model.ts';

export interface Compared {
  readonly entry: ModelEntry;
  readonly path: string;
}

export interface ComparisonSide {
  readonly model: string;
  readonly bytes: number;
  /** Median of an item on one core; milliseconds. */
  readonly itemMs: number;
}

export interface Comparison {
  readonly a: ComparisonSide;
  readonly b: ComparisonSide;
  /** How many times as fast as `a` it is that `b` is. */
  readonly speedRatio: number;
  /** What both were shown. */
  readonly shown: 'films' | 'noise';
  /** Outputs by their names; none where the models take other inputs or give other outputs. */
  readonly outputs: Readonly<Record<string, Agreement>>;
  /** By the component's outputs that hold boxes. */
  readonly boxes: Readonly<Record<string, BoxAgreement>>;
}

export interface ComparisonSetting {
  readonly thread: ModelThread;
  /** Undefined for noise. */
  readonly films: Shown | undefined;
}

/** @param a the one that counts as right @throws {FlowError} of models and films; `output_invalid` if one asks its model nothing */
export async function compareModels(
  a: Compared,
  b: Compared,
  { thread, films }: ComparisonSetting,
): Promise<Comparison> {
  const sides = { a: new Side(a), b: new Side(b) };
  const runs = { a: await thread.load(a.entry, a.path), b: await thread.load(b.entry, b.path) };
  const outputs = new Map<string, TensorAgreement>();
  const isSameInput = JSON.stringify(a.entry.inputs) === JSON.stringify(b.entry.inputs);
  const runBoth: RunModel = async (feeds) => {
    const ofA = await sides.a.timed(runs.a, feeds);
    if (isSameInput) agree(outputs, ofA, await sides.b.timed(runs.b, feeds));
    return ofA;
  };
  let boxes: Comparison['boxes'] = {};
  if (films) {
    const found = await see(films, { entry: a.entry, run: runBoth });
    const again = await see(films, { entry: b.entry, run: (feeds) => sides.b.timed(runs.b, feeds) });
    if (!sides.a.sample || !sides.b.sample) throw askedNothing(films.user.component);
    boxes = boxesOf(found, again);
  } else await runBoth(noiseFeeds(a.entry, 1));
  await race(sides, runs);
  return {
    a: sides.a.facts,
    b: sides.b.facts,
    speedRatio: sides.a.facts.itemMs / sides.b.facts.itemMs,
    shown: films ? 'films' : 'noise',
    outputs: Object.fromEntries([...outputs].map(([name, { result }]) => [name, result])),
    boxes,
  };
}

/** One of the two, with how long it took. */
class Side {
  readonly #model: Compared;
  /** The first item that it was given. */
  sample: Tensors | undefined;
  timesMs: number[] = [];

  constructor(model: Compared) {
    this.#model = model;
  }

  async timed(run: RunModel, feeds: Tensors): Promise<Tensors> {
    this.sample ??= structuredClone(feeds);
    const startedMs = performance.now();
    const outputs = await run(feeds);
    this.timesMs.push(performance.now() - startedMs);
    return outputs;
  }

  get entry(): ModelEntry {
    return this.#model.entry;
  }

  get facts(): ComparisonSide {
    const { entry, path } = this.#model;
    const itemMs = this.timesMs.toSorted((x, y) => x - y)[Math.floor(this.timesMs.length / 2)]!;
    return { model: modelName(entry), bytes: statSync(path).size, itemMs };
  }
}

/** Rounds that are enough for a median, and time after which there are no more. */
const mostRounds = 20;
const raceMs = 400;

/** By turns, so that whatever else the machine does befalls both. */
async function race(
  sides: { readonly a: Side; readonly b: Side },
  runs: { readonly a: RunModel; readonly b: RunModel },
): Promise<void> {
  const feeds = {
    a: sides.a.sample ?? noiseFeeds(sides.a.entry, 1),
    b: sides.b.sample ?? noiseFeeds(sides.b.entry, 1),
  };
  sides.a.timesMs = [];
  sides.b.timesMs = [];
  const endMs = performance.now() + raceMs;
  for (let round = 0; round < 3 || (round < mostRounds && performance.now() < endMs); round += 1) {
    await sides.a.timed(runs.a, feeds.a);
    await sides.b.timed(runs.b, feeds.b);
  }
}

function agree(all: Map<string, TensorAgreement>, a: Tensors, b: Tensors): void {
  for (const [name, tensor] of Object.entries(a)) {
    if (b[name]?.data.length !== tensor.data.length) continue; // Another output, which only its name has in common.
    const agreement = all.get(name) ?? new TensorAgreement();
    agreement.add(tensor, b[name]!);
    all.set(name, agreement);
  }
}

async function see({ user, all }: Shown, model: ShownModel): Promise<Values[]> {
  const seen: Values[] = [];
  for (const film of all) seen.push(await user.use(model, film));
  return seen;
}

function boxesOf(a: readonly Values[], b: readonly Values[]): Comparison['boxes'] {
  const names = Object.keys(a[0] ?? {}).filter((name) => (a[0]![name] as Partial<NpzArrays>).boxes);
  return Object.fromEntries(names.map((name) => [name, boxAgreement(foundIn(a, name), foundIn(b, name))]));
}

/** Frames of all films are numbered through. */
function foundIn(films: readonly Values[], name: string): FoundBox[] {
  return films.flatMap((values, film) => {
    const { boxes, frame_indices, class_ids } = values[name] as NpzArrays; // Its kind has boxes.
    return Array.from(frame_indices!.data as Int32Array, (frame, at) => ({
      frame: film * 2 ** 32 + frame,
      classId: Number(class_ids?.data[at] ?? 0),
      box: Array.from(boxes!.data.slice(4 * at, 4 * at + 4), Number) as unknown as Box, // Four numbers.
    }));
  });
}

function askedNothing(component: string): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'user',
    message: `Cannot compare the models: "${component}" found nothing in these films to ask them about.`,
    fix: 'Name films that show what the models are for.',
  });
}
