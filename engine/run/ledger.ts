/** What a build knows of each node: its key, its result, and where the bytes of its outputs are. */
import type { ActionKey } from '../core/action-key.ts';
import type { EncodedArtifact } from '../core/artifact-codec.ts';
import type { Digest } from '../core/digest.ts';
import type { CacheSource, Performed } from '../core/events.ts';
import type { ActionNode, Scope } from '../core/plan.ts';
import {
  type ActionCache,
  type ActionResult,
  type BlobStore,
  inlineLimitBytes,
  type OutputRecord,
} from '../core/store.ts';
import type { CallResult } from '../io/task.ts';
import type { Shelf } from './shelf.ts';

export interface Entry extends ActionKey {
  result: ActionResult | undefined;
  /** Where the result was found first. */
  source: CacheSource | undefined;
  /** How often the action has been started in this build. */
  attempt: number;
  /** Of the latest attempt, once a thread has answered. */
  performed: Performed | undefined;
}

export interface LedgerSetting {
  readonly actions: ActionCache;
  readonly blobs: BlobStore;
  readonly shelf: Shelf;
  /** Told of the first blob that the store does not take. */
  readonly onStoreTrouble: (error: Error) => void;
}

export class Ledger {
  readonly #setting: LedgerSetting;
  readonly #entries = new Map<ActionNode, Entry>();

  constructor(setting: LedgerSetting) {
    this.#setting = setting;
  }

  open(node: ActionNode, key: ActionKey): Entry {
    const entry = { ...key, result: undefined, source: undefined, attempt: 0, performed: undefined };
    this.#entries.set(node, entry);
    return entry;
  }

  find(node: ActionNode): Entry | undefined {
    return this.#entries.get(node);
  }

  /** The keys of all actions of a scope that have a result. */
  keysOf(scope: Scope): Digest[] {
    const entries = [...this.#entries].filter(([node, { result }]) => node.scope === scope && result);
    return entries.map(([, { key }]) => key);
  }

  /** The entry of a node whose key is known. */
  of(node: ActionNode): Entry {
    return this.#entries.get(node)!;
  }

  resultOf(node: ActionNode): ActionResult | undefined {
    return this.#entries.get(node)?.result;
  }

  /** The bytes of an output: at hand, inline in its result, or in the store; undefined if they must be made again. */
  async bytesOf(node: ActionNode, output: string): Promise<Uint8Array | undefined> {
    const record = this.of(node).result!.outputs[output]!;
    const held = await this.#setting.shelf.get(record.digest);
    if (held) return held;
    if (record.inline !== undefined) return Buffer.from(record.inline, 'base64');
    if (record.isEphemeral) return undefined;
    return this.#setting.blobs.get(record.digest, record.sizeBytes).catch(() => undefined); // A store that fails is a miss.
  }

  /** Another action has given what this one would have: its bytes are wanted for this one's dependents, too. */
  share(node: ActionNode, { outputs }: ActionResult): void {
    for (const { digest } of Object.values(outputs)) this.#setting.shelf.share(node, digest);
  }

  /**
   * Puts the outputs into the store, and then on the shelf: what a shelf that is full finds missing in the store, it takes
   * for its own, and removes in the end.
   */
  async keep(node: ActionNode, made: CallResult, durationMs: number): Promise<ActionResult> {
    const outputs: Record<string, OutputRecord> = {};
    for (const [name, encoded] of Object.entries(made.outputs)) {
      const { isEphemeral, format, extension } = node.outputs[name]!;
      outputs[name] = await this.#store(encoded, { isEphemeral, format, extension });
      await this.#setting.shelf.put(node, encoded.digest, encoded.bytes);
    }
    return {
      status: made.emptyReason === undefined ? 'success' : 'empty',
      ...(made.emptyReason !== undefined && { emptyReason: made.emptyReason }),
      warnings: made.warnings,
      outputs,
      durationMs,
    };
  }

  /** Makes a result known to later builds. */
  publish(node: ActionNode, result: ActionResult): void {
    const { key, ingredients } = this.of(node);
    this.#setting.actions.put(key, result, ingredients);
  }

  async #store(
    encoded: EncodedArtifact,
    kind: Pick<OutputRecord, 'isEphemeral' | 'format' | 'extension'>,
  ): Promise<OutputRecord> {
    const { bytes, digest, content, arrays } = encoded;
    const record: OutputRecord = {
      digest,
      content,
      sizeBytes: bytes.length,
      ...kind,
      ...(arrays && { arrays }),
    };
    if (kind.isEphemeral) return record;
    if (bytes.length <= inlineLimitBytes) return { ...record, inline: Buffer.from(bytes).toString('base64') };
    await this.#setting.blobs.put(digest, bytes).catch(this.#setting.onStoreTrouble);
    return record;
  }
}

/** True if the results say the same to those who read them. */
export function hasSameContent(a: ActionResult, b: ActionResult): boolean {
  return Object.entries(a.outputs).every(([name, output]) => b.outputs[name]?.content === output.content);
}

/** True if they are so byte by byte. */
export function hasSameBytes(a: ActionResult, b: ActionResult): boolean {
  return Object.entries(a.outputs).every(([name, output]) => b.outputs[name]?.digest === output.digest);
}
