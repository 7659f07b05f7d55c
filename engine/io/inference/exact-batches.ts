/**
 * Items of a model in batches where that changes no bit of a result, and one by one where it would.
 *
 * Which kernels run, and in which order they add, depends on the shapes of tensors and not on what they hold. So a batch
 * of one size that gave each of its items the same bits as the item alone, on items that have nothing in common, does so
 * for all items; and one that did not is never used. What is tried is done both ways, so it is tried only when a model
 * has run on so many items that more of them can be expected, and batches are used only if they were quicker: by the
 * median, since a thread that had to wait for its core in one trial says nothing of the model. Items that take long have
 * little to gain from company, and eight of them take much memory.
 */
import { release, type Tensors } from '../../core/tensor.ts';
import { BatchTrials } from './batch-trials.ts';
import { allOf, countOf, GatheredItems, type Stretch, stretchOf } from './items.ts';

/** What it returns is the caller's own. */
export type RunOnce = (feeds: Tensors) => Promise<Tensors>;

/** Sizes of batches, and how long an item may take by itself for them to be tried. */
const sizes = [
  { items: 4, quickMs: 50 },
  { items: 8, quickMs: 10 },
] as const;
const itemsBeforeTrying = 256;

export class ExactBatches {
  readonly #run: RunOnce;
  readonly #now: () => number;
  /** None where the model takes no batches, or that is not known yet. */
  #sizes: readonly BatchTrials[] = [];
  /** Undefined when it is known what to try. */
  #alone: { items: number; tookMs: number } | undefined;

  /** @param now a clock that never goes back; milliseconds */
  constructor(
    run: RunOnce,
    {
      takesBatches,
      now = () => performance.now(),
    }: { readonly takesBatches: boolean; readonly now?: () => number },
  ) {
    this.#run = run;
    this.#now = now;
    this.#alone = takesBatches ? { items: 0, tookMs: 0 } : undefined;
  }

  /** The outputs of all items. @throws what the run throws */
  async outputsOf(feeds: Tensors): Promise<Tensors> {
    const count = countOf(feeds);
    const gathered = new GatheredItems(count);
    for (let from = 0; from < count; ) {
      const size = this.#nextSize(count - from);
      const stretch = { from, to: from + (size?.items ?? 1) };
      if (size && size.share === undefined) await this.#try(size, gathered, feeds, stretch);
      else if (size) await this.#add(gathered, feeds, stretch);
      else this.#count(await this.#oneByOne(gathered, feeds, stretch));
      from = stretch.to;
    }
    return gathered.whole!; // As many as were asked for.
  }

  /** One that is to be tried, or else the quickest, of those that are not larger; undefined for a single item. */
  #nextSize(most: number): BatchTrials | undefined {
    const fitting = this.#sizes.filter(({ items }) => items <= most);
    const untried = fitting.find(({ share }) => share === undefined);
    if (untried) return untried;
    const [quickest] = fitting.toSorted((a, b) => a.share! - b.share!);
    return quickest && quickest.share! < 1 ? quickest : undefined;
  }

  /** One more has run by itself, while nobody knows what is worth trying. */
  #count(tookMs: number): void {
    if (!this.#alone) return;
    this.#alone.items += 1;
    this.#alone.tookMs += tookMs;
    if (this.#alone.items < itemsBeforeTrying) return;
    const itemMs = this.#alone.tookMs / this.#alone.items;
    this.#sizes = sizes.filter(({ quickMs }) => itemMs < quickMs).map(({ items }) => new BatchTrials(items));
    this.#alone = undefined;
  }

  /** @returns how long it took; milliseconds */
  async #oneByOne(gathered: GatheredItems, feeds: Tensors, { from, to }: Stretch): Promise<number> {
    const startedMs = this.#now();
    for (let at = from; at < to; at += 1) await this.#add(gathered, feeds, { from: at, to: at + 1 });
    return this.#now() - startedMs;
  }

  async #add(gathered: GatheredItems, feeds: Tensors, stretch: Stretch): Promise<void> {
    const outputs = await this.#run(stretchOf(feeds, stretch));
    gathered.add(allOf(outputs), stretch.from);
    release(outputs);
  }

  async #try(size: BatchTrials, gathered: GatheredItems, feeds: Tensors, stretch: Stretch): Promise<void> {
    const aloneMs = await this.#oneByOne(gathered, feeds, stretch);
    const startedMs = this.#now();
    const together = await this.#together(stretchOf(feeds, stretch));
    const share = (this.#now() - startedMs) / aloneMs;
    size.add({ alone: gathered.stretch(stretch), together, share });
    if (together) release(together);
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
