/** A bucket in memory whose clock the test sets, filled as machines fill it. */
import { notesOf } from '../../../cache/remote/blob-encoding.ts';
import { type EntryContent, sealEntry } from '../../../cache/remote/entry.ts';
import { blobObject, entryObject, leaseObject, runObject } from '../../../cache/remote/layout.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { encodeRunIndex } from '../../../cache/remote/run-index.ts';
import type { Signer } from '../../../cache/remote/signer.ts';
import { digestJson, digestOf } from '../../../engine/core/digest.ts';
import { newSigner, textOutput } from './sample-entry.ts';

export const dayMs = 24 * 3_600_000;
/** Of all results of the sample, where no other is named. */
export const writer = newSigner();

export class SampleBucket {
  #nowMs = 1_800_000_000_000;
  readonly #signer: Signer;
  readonly objects = new MemoryObjects({ now: () => this.#nowMs, pageLength: 3 });

  constructor(signer = writer) {
    this.#signer = signer;
  }

  passDays(days: number): void {
    this.#nowMs += days * dayMs;
  }

  async putBlob(text: string): Promise<string> {
    const key = blobObject(digestOf(text));
    await this.objects.put(key, Buffer.from(text), { notes: notesOf('identity', text.length) });
    return key;
  }

  async putResult(result: EntryContent): Promise<string> {
    const key = entryObject(result.key);
    await this.objects.put(key, Buffer.from(JSON.stringify(sealEntry(result, this.#signer))));
    return key;
  }

  async putRun(name: string, results: readonly EntryContent[]): Promise<string> {
    const run = digestOf(name);
    const sealed = results.map((result) => sealEntry(result, this.#signer));
    await this.objects.put(runObject(run), encodeRunIndex(run, sealed));
    return runObject(run);
  }

  async putLease(name: string): Promise<string> {
    await this.objects.put(leaseObject(digestOf(name)), Buffer.from('{}'));
    return leaseObject(digestOf(name));
  }

  /** Keys of everything that is there, in order. */
  get keys(): string[] {
    return [...this.objects.kept.keys()].sort();
  }
}

/** A result with these texts as its outputs, each a blob. */
export function resultOf(name: string, texts: readonly string[]): EntryContent {
  const ingredients = { v: 1, component: name };
  const outputs = texts.map((text, index) => [`output_${index}`, textOutput(text)]);
  return {
    key: digestJson(ingredients),
    ingredients,
    result: { status: 'success', warnings: [], outputs: Object.fromEntries(outputs), durationMs: 1 },
  };
}
