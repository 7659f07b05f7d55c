/** A model on an inference server, which was held against its entry. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';
import type { LoadedModel } from './backend.ts';
import { type FoundModel, findModel } from './find-model.ts';
import {
  type DecodedAnswer,
  decodeAnswer,
  encodeRequest,
  jsonLengthHeader,
  UnexpectedOutput,
} from './kserve-message.ts';
import type { TritonAnswer, TritonClient } from './triton-client.ts';
import { type Asked, ioMismatch, refusal, unreadable } from './triton-error.ts';
import type { TritonSettings } from './triton-settings.ts';

export class TritonModel implements LoadedModel {
  /** Why it is not known that the server's weights are those of the entry; worth one warning. */
  readonly note: string | undefined;
  readonly #client: TritonClient;
  readonly #entry: ModelEntry;
  readonly #found: FoundModel;
  readonly #asked: Asked;
  readonly #firstByteMs: number;
  readonly #recheckMs: number;
  /** Of a server without versions in what it says of a model, the one that its first answer names. */
  #version: string | undefined;
  #checkedMs = performance.now();

  constructor(
    client: TritonClient,
    { entry, found, settings }: { entry: ModelEntry; found: FoundModel; settings: TritonSettings },
  ) {
    this.#client = client;
    this.#entry = entry;
    this.#found = found;
    this.#version = found.version;
    this.note = found.note;
    this.#asked = { act: `run model "${modelName(entry)}"`, server: client.server };
    this.#firstByteMs = settings.firstByteMsOf[entry.name] ?? settings.firstByteMs;
    this.#recheckMs = settings.recheckMs;
  }

  /**
   * @throws {FlowError} `triton_…`; `model_io_mismatch`; `model_digest_mismatch` where the model was replaced; `rule_failed`
   *   where it broke
   */
  async run(feeds: Tensors, signal: AbortSignal): Promise<Tensors> {
    await this.#recheck(signal);
    const outputs = this.#entry.outputs.map(({ name }) => name);
    const { jsonBytes, parts } = encodeRequest(feeds, { outputs, timeoutMs: this.#firstByteMs });
    const answer = await this.#client.ask(
      {
        path: `${this.#found.path}/infer`,
        body: parts,
        headers: { 'content-type': 'application/octet-stream', [jsonLengthHeader]: jsonBytes },
        firstByteMs: this.#firstByteMs,
        asked: this.#asked,
      },
      signal,
    );
    if (answer.status !== 200) throw await this.#refusal(answer, signal);
    const decoded = this.#decode(answer);
    this.#checkIdentity(decoded);
    this.#checkShapes(feeds, decoded.tensors);
    return decoded.tensors;
  }

  /** The server keeps it: others may use it. */
  async unload(): Promise<void> {}

  /** An answer names its model's version and not its weights, so these are looked at every now and then. */
  async #recheck(signal: AbortSignal): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#checkedMs < this.#recheckMs) return;
    this.#checkedMs = nowMs; // Before it is done: once is enough for all that run at this time.
    try {
      await this.#find(signal);
    } catch (error) {
      this.#checkedMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  #find(signal: AbortSignal): Promise<FoundModel> {
    return findModel(this.#client, { entry: this.#entry, version: this.#found.version }, signal);
  }

  /** Of a bad request the status does not say whether the tensors or the model are wrong: then the model is looked for. */
  async #refusal(answer: TritonAnswer, signal: AbortSignal): Promise<FlowError> {
    if (answer.status === 400) await this.#find(signal);
    return refusal(this.#asked, answer.status, this.#client.words(answer));
  }

  #decode({ chunks, headers }: TritonAnswer): DecodedAnswer {
    const length = headers[jsonLengthHeader];
    const wanted = new Map(this.#entry.outputs.map(({ name, dtype }) => [name, dtype]));
    try {
      return decodeAnswer(chunks, length === undefined ? undefined : String(length), wanted);
    } catch (error) {
      const { message } = error as Error; // If not that one, the other that it throws.
      throw error instanceof UnexpectedOutput
        ? ioMismatch(this.#asked, message)
        : unreadable(this.#asked, message, error);
    }
  }

  #checkIdentity({ model, version }: DecodedAnswer): void {
    this.#version ??= version;
    if (model === this.#entry.name && version === this.#version) return;
    throw new FlowError({
      code: 'model_digest_mismatch',
      blame: 'user',
      where: this.#asked.server,
      message:
        `Cannot ${this.#asked.act}: it was loaded as version "${this.#version}" of "${this.#entry.name}", ` +
        `and the server ran version "${version}" of "${model}".`,
      fix: 'Build again when nobody replaces models on the inference server.',
    });
  }

  #checkShapes(feeds: Tensors, outputs: Tensors): void {
    const items = batchOf(this.#entry, feeds);
    for (const { name, shape } of this.#entry.outputs) {
      const found = outputs[name]!.shape; // It was decoded, or there would be an error.
      const expected = shape.map((length, axis) =>
        axis === 0 && isName(length) ? (items ?? length) : length,
      );
      if (found.length === expected.length && found.every((length, axis) => isOf(length, expected[axis]!)))
        continue;
      throw ioMismatch(
        this.#asked,
        `output "${name}": expected shape [${expected.join(', ')}], found [${found.join(', ')}]`,
      );
    }
  }
}

/** How many items the feeds hold; undefined where the model takes no batches. */
function batchOf({ inputs }: ModelEntry, feeds: Tensors): number | undefined {
  const batched = inputs.find(({ shape: [first] }) => isName(first));
  return batched && feeds[batched.name]?.shape[0];
}

function isName(length: number | string | undefined): length is string {
  return typeof length === 'string';
}

function isOf(length: number, expected: number | string): boolean {
  return isName(expected) || length === expected;
}
