/** In what the results of a run differ from those of the build before. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { toFlowError } from '../../core/errors.ts';
import type { ManifestOutput } from '../../core/manifest.ts';
import type { ActionCache, BlobStore } from '../../core/store.ts';
import type { RunOutcome } from '../../run/build.ts';
import { compareOutputs, type OutputDiff } from '../diff/compare-outputs.ts';

export interface Stores {
  readonly blobs: BlobStore;
  readonly actions: ActionCache;
}

/** An output and the key of the action that gave it. */
interface Made {
  readonly output: ManifestOutput;
  readonly key: Digest | undefined;
}

export class ResultChanges implements Disposable {
  readonly #stores: Stores;
  readonly #folder = mkdtempSync(join(tmpdir(), 'flow-watch-'));
  /** Label of a run → path of an output. */
  readonly #before = new Map<string, ReadonlyMap<string, Made>>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** What differs since the last call for the same run; nothing the first time. */
  async since({ spec, tallies }: RunOutcome): Promise<OutputDiff[]> {
    const made = new Map(
      tallies.flatMap(({ outputs, key }) => outputs.map((output) => [output.path, { output, key }] as const)),
    );
    const before = this.#before.get(spec.scope.label) ?? new Map<string, Made>();
    this.#before.set(spec.scope.label, new Map([...before, ...made])); // A failed build has not lost the older ones.
    const diffs: OutputDiff[] = [];
    for (const [path, { output }] of made) {
      const old = before.get(path);
      if (!old || old.output.digest === output.digest || !(await this.#restore(old))) continue;
      diffs.push(this.#compare(old.output, { folder: spec.folder, output }));
    }
    return diffs;
  }

  #compare(old: ManifestOutput, now: { folder: string; output: ManifestOutput }): OutputDiff {
    try {
      return compareOutputs({ folder: this.#folder, output: old }, now);
    } catch (thrown) {
      if (toFlowError(thrown).code === 'internal') throw thrown;
      return { path: now.output.path, what: 'bytes', bytes: { a: old.bytes, b: now.output.bytes } };
    }
  }

  /** Puts an earlier output beside, from the cache; false if it is not there any more. */
  async #restore({ output, key }: Made): Promise<boolean> {
    const inline = key && this.#stores.actions.get(key)?.outputs[output.name]?.inline;
    const bytes = inline
      ? Buffer.from(inline, 'base64')
      : await this.#stores.blobs.get(output.digest as Digest); // The manifest's schema says so.
    if (!bytes) return false;
    const path = join(this.#folder, output.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return true;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
