/**
 * Items of a model in batches where that changes no bit of a result, and one by one where it would.
 *
 * Which kernels run, and in which order they add, depends on the shapes of tensors and not on what they hold. So a batch
 * of one size that gave each of its items the same bits as the item alone, on items that have nothing in common, does so
 * for all items; and one that did not is never used. What is tried is done both ways, so it is tried only when a model
 * has run on so many items that more of them can be expected, and batches are used only if they were quicker: by the
 * median, since a thread that had to wait for its core in one trial says nothing of the model. Four at once are as quick
 * as eight, and take half the memory; items that take long have little to gain from company, and stay alone.
 */
import { quantilesOf } from '../../core/array-statistics.ts';
import { release, type Tensors } from '../../core/tensor.ts';
import { allOf, countOf, GatheredItems, type Stretch, stretchOf } from './items.ts';

/** What it returns is the caller's own. */
export type RunOnce = (feeds: Tensors) => Promise<Tensors>;

const batchItems = 4;
const itemsBeforeTrying = 256;
/** An item that takes longer by itself stays so. */
const quickMs = 50;
const neededProofs = 5;
/** The first runs of a new shape take longer: ONNX Runtime makes room for it. */
const firstRuns = 2;
/** After so many that did not give as many proofs there are no more. */
const mostTrials = 10;
/** Of the time that the items take one by one. */
const worthwhile = 0.97;

export class ExactBatches {
  readonly #run: RunOnce;
  readonly #takesBatches: boolean;
  readonly #now: () => number;
  /** Undefined while it is not known. */
  #areExact: boolean | undefined;
  /** What ran one by one, and how long that took. */
  #items = 0;
  #itemsMs = 0;
  #trials = 0;
  /** Of the trials that proved something: what the batch took, of what its items took one by one. */
  readonly #shares: number[] = [];

  /** @param now a clock that never goes back; milliseconds */
  constructor(
    run: RunOnce,
    {
      takesBatches,
      now = () => performance.now(),
    }: { readonly takesBatches: boolean; readonly now?: () => number },
  ) {
    this.#run = run;
    this.#takesBatches = takesBatches;
    this.#now = now;
  }

  /** The outputs of all items. @throws what the run throws */
  async outputsOf(feeds: Tensors): Promise<Tensors> {
    const gathered = new GatheredItems(countOf(feeds));
    const count = countOf(feeds);
    for (let from = 0; from < count; from += batchItems) {
      const stretch = { from, to: Math.min(from + batchItems, count) };
      const isWhole = this.#takesBatches && stretch.to - from === batchItems;
      if (isWhole && this.#areExact) await this.#add(gathered, feeds, stretch);
      else if (isWhole && this.#isToBeTried) await this.#try(gathered, feeds, stretch);
      else await this.#oneByOne(gathered, feeds, stretch);
    }
    return gathered.whole!; // As many as were asked for.
  }

  get #isToBeTried(): boolean {
    const isQuick = this.#itemsMs < quickMs * this.#items;
    return this.#areExact === undefined && this.#items >= itemsBeforeTrying && isQuick;
  }

  /** @returns how long it took; milliseconds */
  async #oneByOne(gathered: GatheredItems, feeds: Tensors, { from, to }: Stretch): Promise<number> {
    const startedMs = this.#now();
    for (let at = from; at < to; at += 1) await this.#add(gathered, feeds, { from: at, to: at + 1 });
    const tookMs = this.#now() - startedMs;
    this.#items += to - from;
    this.#itemsMs += tookMs;
    return tookMs;
  }

  async #add(gathered: GatheredItems, feeds: Tensors, stretch: Stretch): Promise<void> {
    const outputs = await this.#run(stretchOf(feeds, stretch));
    gathered.add(allOf(outputs), stretch.from);
    release(outputs);
  }

  async #try(gathered: GatheredItems, feeds: Tensors, stretch: Stretch): Promise<void> {
    this.#trials += 1;
    const aloneMs = await this.#oneByOne(gathered, feeds, stretch);
    const startedMs = this.#now();
    const together = await this.#together(stretchOf(feeds, stretch));
    const share = (this.#now() - startedMs) / aloneMs;
    const alone = gathered.stretch(stretch);
    if (!together || !haveSameBits(alone, together)) this.#areExact = false;
    else if (haveNothingInCommon(alone)) this.#shares.push(share); // Else it proves nothing: they may all be zero.
    if (this.#areExact === undefined && this.#shares.length === neededProofs)
      this.#areExact = quantilesOf(Float64Array.from(this.#shares.slice(firstRuns)), [0.5])[0]! < worthwhile;
    if (this.#trials === mostTrials) this.#areExact ??= false;
  }

  /** Undefined where the model fails on a batch: nobody has asked for one, and the items are there already. */
  async #together(feeds: Tensors): Promise<Tensors | undefined> {
    try {
      return await this.#run(feeds);
    } catch {
      return undefined;
    }
  }
}

function haveSameBits(a: Tensors, b: Tensors): boolean {
  return Object.keys(a).every((name) => bytesOf(a, name).equals(bytesOf(b, name)));
}

/** No two items have the same output. */
function haveNothingInCommon(outputs: Tensors): boolean {
  return Object.keys(outputs).every((name) => {
    const items = Array.from({ length: countOf(outputs) }, (_, at) =>
      bytesOf(stretchOf(outputs, { from: at, to: at + 1 }), name).toString('latin1'),
    );
    return new Set(items).size === items.length;
  });
}

function bytesOf(tensors: Tensors, name: string): Buffer {
  const { buffer, byteOffset, byteLength } = tensors[name]!.data;
  return Buffer.from(buffer, byteOffset, byteLength);
}
