/**
 * Publishes the runs of a build: while they go on, now and then what has been finished; at their end all of it. What cannot
 * be published stays in the working copy, is marked, and is published by the next build.
 */

import { eachOf } from '../../core/each-of.ts';
import { type FlowError, toFlowError } from '../../core/errors.ts';
import type { Listener } from '../../core/events.ts';
import { type StoredContent, wholeOf } from '../../core/storage.ts';
import { isAlive, processIdentity } from '../../io/process-identity.ts';
import { copyRun, manifestKey } from './copy-run.ts';
import { copyState } from './copy-state.ts';
import type { RemotePlace } from './remote-place.ts';
import type { StoredRuns } from './stored-runs.ts';

export interface PublishedRun {
  /** As events have it: `run:clip.mp4`. */
  readonly label: string;
  /** `platform/video/run`. */
  readonly name: string;
}

export interface Unpublished {
  /** The run's label, or its name where another build has left it. */
  readonly name: string;
  readonly error: FlowError;
}

export interface PublishOutcome {
  readonly unpublished: readonly Unpublished[];
  /** `s3://bucket/prefix`. */
  readonly place: string;
  readonly runs: number;
  readonly files: number;
  readonly sizeBytes: number;
}

const mostAtOnce = 8;

/** Between two rounds of publishing while runs go on; milliseconds. */
const pauseMs = 5000;

export class RunPublisher implements Disposable {
  readonly #stored: StoredRuns;
  readonly #runs: readonly PublishedRun[];
  readonly #say: (message: string) => void;
  /** Labels of runs with something new. */
  readonly #changed = new Set<string>();
  #round: Promise<void> = Promise.resolve();
  #isBusy = false;
  #nextAtMs = 0;
  readonly #total = { runs: 0, files: 0, sizeBytes: 0 };

  /** @param say told of what is no error, and of interest all the same */
  constructor(stored: StoredRuns, runs: readonly PublishedRun[], say: (message: string) => void) {
    this.#stored = stored;
    this.#runs = runs;
    this.#say = say;
  }

  /** From here on the working copies are ahead of the bucket. @throws {FlowError} if the bucket cannot be read */
  async begin(): Promise<void> {
    await eachOf(this.#runs, mostAtOnce, ({ name }) => this.#stored.bringBeginning(name));
    for (const { name } of this.#runs) this.#mark(name);
  }

  [Symbol.dispose](): void {
    this.#stored[Symbol.dispose]();
  }

  readonly listen: Listener = (event) => {
    if (event.type !== 'component_finished') return;
    this.#changed.add(event.run);
    if (!this.#isBusy && event.atMs >= this.#nextAtMs) {
      this.#nextAtMs = event.atMs + pauseMs;
      this.#isBusy = true;
      this.#round = this.#publishChanged().finally(() => {
        this.#isBusy = false;
      });
    }
  };

  /** Publishes all that is left to publish, also what earlier builds have left. Never rejects. */
  async finish(): Promise<PublishOutcome> {
    await this.#round;
    const unpublished: Unpublished[] = [];
    let lost: FlowError | undefined;
    for (const { name, label } of [...this.#runs, ...this.#left()]) {
      try {
        if (lost) throw lost; // What a server does not do for one run it will not do for the next.
        await (label === name ? this.#publishLeft(name) : this.#publishOwn(name));
      } catch (thrown) {
        const error = toFlowError(thrown);
        if (isOfServer(error)) lost = error;
        unpublished.push({ name: label, error });
      }
    }
    return { unpublished, place: this.#places()[0]!.bucket.place, ...this.#total };
  }

  /** A round in between: what goes wrong now is tried again at the end, and told then. */
  async #publishChanged(): Promise<void> {
    const labels = new Set(this.#changed);
    this.#changed.clear();
    try {
      for (const { name, label } of this.#runs) if (labels.has(label)) await this.#publish(name);
    } catch {
      this.#nextAtMs = Number.POSITIVE_INFINITY;
    }
  }

  async #publishOwn(name: string): Promise<void> {
    const version = await this.#publish(name);
    this.#unmark(name, version);
    this.#total.runs += 1;
  }

  /** A run that another build could not publish: unless somebody else has published it since. */
  async #publishLeft(name: string): Promise<void> {
    const { results } = this.#stored;
    if (results && !(await isOwn(results, name))) {
      this.#unmark(name, undefined);
      this.#say(
        `${name} was published by somebody else meanwhile: what an earlier build left of it here is dropped.`,
      );
      return;
    }
    await this.#publishOwn(name);
  }

  /** @returns version of the published manifest */
  async #publish(name: string): Promise<string | undefined> {
    const { results, states } = this.#stored;
    const copied = results && (await copyRun({ from: results.copy, to: results.bucket, name }));
    this.#total.files += copied?.files ?? 0;
    this.#total.sizeBytes += copied?.sizeBytes ?? 0;
    if (results && copied) this.#mark(name, copied.toVersion);
    if (states) await copyState({ from: states.copy, to: states.bucket, name });
    return copied?.toVersion;
  }

  #left(): PublishedRun[] {
    const own = new Set(this.#runs.map(({ name }) => name));
    const names = new Set(this.#places().flatMap(({ marks }) => marks.pending()));
    const isIdle = (name: string): boolean =>
      this.#places().every(({ marks }) => !isAlive(marks.read(name).pendingSince ?? ''));
    return [...names].filter((name) => !own.has(name) && isIdle(name)).map((name) => ({ name, label: name }));
  }

  #mark(name: string, version?: string): void {
    for (const { marks } of this.#places())
      marks.write(name, {
        ...marks.read(name),
        ...(version !== undefined && { version }),
        pendingSince: processIdentity(),
      });
  }

  #unmark(name: string, version: string | undefined): void {
    for (const { marks } of this.#places()) marks.write(name, version === undefined ? {} : { version });
  }

  #places(): RemotePlace[] {
    return [this.#stored.results, this.#stored.states].filter((place) => place !== undefined);
  }
}

/** Whether what is published is what this machine knows of, or has itself published and was killed before it noted that. */
async function isOwn({ bucket, copy, marks }: RemotePlace, name: string): Promise<boolean> {
  const key = manifestKey(name);
  const there = await bucket.exists(key);
  if (there?.version === marks.read(name).version) return true;
  const [published, own] = await Promise.all([bucket.read(key), copy.read(key)]);
  return published !== undefined && own !== undefined && (await haveSameBytes(published, own));
}

async function haveSameBytes(a: StoredContent, b: StoredContent): Promise<boolean> {
  const [ofA, ofB] = await Promise.all([wholeOf(a), wholeOf(b)]);
  return Buffer.compare(ofA, ofB) === 0;
}

function isOfServer({ code }: FlowError): boolean {
  return code === 'remote_unavailable' || code === 'auth_failed';
}
