/**
 * Brings what a command reads of runs from their bucket into the working copy: manifests for a list, a whole run to be
 * looked into. What was built here and is not published yet is newer than the bucket, and is left as it is.
 */
import { join } from 'node:path';
import { eachOf } from '../../core/each-of.ts';
import type { Manifest, ManifestOutput } from '../../core/manifest.ts';
import { contentOf, storageKey, wholeOf } from '../../core/storage.ts';
import { readHead } from '../runs/read-head.ts';
import { type RunPlace, runPlaces } from '../runs/run-places.ts';
import { copyOutput, copyRun, manifestKey, outputKey } from './copy-run.ts';
import { copyRunState, copyState } from './copy-state.ts';
import { openPlace, type RemotePlace } from './remote-place.ts';
import { type RunSnapshot, takeSnapshot } from './run-snapshot.ts';
import type { StoragePlace } from './storage-place.ts';

const mostAtOnce = 16;

export class StoredRuns implements Disposable {
  readonly results: RemotePlace | undefined;
  readonly states: RemotePlace | undefined;

  readonly #resultsFolder: string;
  readonly #url: string | undefined;

  /** @param results where they are; `places`: what of it is in a bucket */
  constructor(results: StoragePlace, places: Pick<StoredRuns, 'results' | 'states'>) {
    this.#resultsFolder = results.folder;
    this.#url = results.url;
    this.results = places.results;
    this.states = places.states;
  }

  static async open({
    results,
    states,
  }: {
    results: StoragePlace;
    states: StoragePlace;
  }): Promise<StoredRuns> {
    return new StoredRuns(results, { results: await openPlace(results), states: await openPlace(states) });
  }

  [Symbol.dispose](): void {
    for (const place of [this.results, this.states]) place?.bucket[Symbol.dispose]?.();
  }

  /** Where a run is for all the world; undefined for one that is in a folder of this machine. */
  urlOf(place: RunPlace): string | undefined {
    return this.#url === undefined || !this.#has(place) ? undefined : `${this.#url}/${place.name}`;
  }

  /** The manifests of all runs, or of those below a folder of them; those that have not changed are here already. */
  async bringManifests(below = ''): Promise<void> {
    if (!this.results) return;
    const { bucket, copy, marks } = this.results;
    const found = new Map<string, string>();
    for await (const { key, version } of bucket.list(below === '' ? undefined : storageKey(below))) {
      const [, name] = /^([^/]+\/[^/]+\/[^/]+)\/manifest\.json$/.exec(key) ?? [];
      if (name !== undefined) found.set(name, version);
    }
    await eachOf(found, mostAtOnce, async ([name, version]) => {
      const isKnown = marks.read(name).version === version && (await copy.exists(manifestKey(name)));
      if (!isKnown) await this.#bringManifest(name);
    });
    for (const { name } of runPlaces(copy.place))
      if (`${name}/`.startsWith(below && `${below}/`) && !found.has(name)) await this.#forget(name);
  }

  /** Whether the runs that say so do go on is in their states. */
  async bringStatesOfRunning(): Promise<void> {
    const { results, states } = this;
    if (!states || !results) return;
    const running = runPlaces(results.copy.place).filter(
      ({ manifestPath }) => readHead(manifestPath)?.run.status === 'running',
    );
    await eachOf(running, mostAtOnce, async ({ name }) => {
      if (!states.marks.isPending(name)) await copyRunState({ from: states.bucket, to: states.copy, name });
    });
  }

  /** What a build of this run begins with: its manifest and its state. */
  async bringBeginning(name: string): Promise<void> {
    await this.#bringManifest(name);
    await this.#bringState(name);
  }

  /** @throws {FlowError} `output_invalid` if an output is missing or damaged */
  async bringWhole(place: RunPlace): Promise<void> {
    if (!this.#has(place)) return;
    await this.#bringResults(place.name);
    await this.#bringState(place.name);
  }

  /** All of a run as it is in the bucket, checked by nobody; undefined where the folder of the run is newer, or all there is. */
  async snapshot(place: RunPlace): Promise<RunSnapshot | undefined> {
    if (!this.results || !this.#has(place) || this.results.marks.isPending(place.name)) return undefined;
    const { bucket, copy } = this.results;
    return takeSnapshot({ bucket, name: place.name, beside: copy.place });
  }

  /** The components of a published run that have an output which is not there, or is not what the manifest lists. */
  async unsoundComponents(name: string, { components }: Manifest): Promise<Set<string>> {
    const unsound = new Set<string>();
    if (!this.results || this.results.marks.isPending(name)) return unsound; // It is published anyway.
    const { bucket } = this.results;
    const outputs = components.flatMap((component) =>
      component.outputs.map((output) => [component.name, output] as const),
    );
    await eachOf(outputs, mostAtOnce, async ([component, output]) => {
      if ((await bucket.digestOf(outputKey(name, output))) !== output.digest) unsound.add(component);
    });
    return unsound;
  }

  async bringState(place: RunPlace): Promise<void> {
    if (this.#has(place)) await this.#bringState(place.name);
  }

  /** One output, for who looks into no other. */
  async bringOutput(place: RunPlace, output: ManifestOutput): Promise<void> {
    if (!this.results || !this.#has(place)) return;
    const { bucket, copy } = this.results;
    const key = outputKey(place.name, output);
    if ((await copy.digestOf(key)) !== output.digest)
      await copyOutput({ from: bucket, to: copy, key, output });
  }

  /** A run that was named by its path may be anywhere. */
  #has({ folder, name }: RunPlace): boolean {
    return folder === join(this.#resultsFolder, name);
  }

  async #bringState(name: string): Promise<void> {
    if (!this.states || this.states.marks.isPending(name)) return;
    const { bucket, copy } = this.states;
    await copyState({ from: bucket, to: copy, name });
  }

  async #bringResults(name: string): Promise<void> {
    if (!this.results || this.results.marks.isPending(name)) return;
    const { bucket, copy, marks } = this.results;
    const copied = await copyRun({ from: bucket, to: copy, name });
    if (copied) marks.write(name, { version: copied.fromVersion });
  }

  async #bringManifest(name: string): Promise<void> {
    if (!this.results || this.results.marks.isPending(name)) return;
    const { bucket, copy, marks } = this.results;
    const key = manifestKey(name);
    const found = await bucket.read(key);
    if (!found) return this.#forget(name);
    await copy.write(key, contentOf(await wholeOf(found)));
    marks.write(name, { version: found.version });
  }

  /** What somebody has removed from the bucket. */
  async #forget(name: string): Promise<void> {
    const { copy, marks } = this.results!;
    if (marks.isPending(name)) return;
    await copy.remove(manifestKey(name));
    marks.remove(name);
  }
}
