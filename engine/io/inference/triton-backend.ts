/**
 * Models on an inference server: Triton, or another one that speaks the Open Inference Protocol (KServe v2) over HTTP
 * with Triton's binary tensors. A failure has no way around it here: its code says whether the engine tries again.
 */
import { modelName } from '../../core/model-entry.ts';
import type { Backend, ModelSource } from './backend.ts';
import { checkHealth, findModel } from './find-model.ts';
import { TritonClient } from './triton-client.ts';
import { TritonModel } from './triton-model.ts';
import type { TritonSettings } from './triton-settings.ts';

export class TritonBackend implements Backend {
  readonly #settings: TritonSettings;
  readonly #client: TritonClient;

  constructor(settings: TritonSettings) {
    this.#settings = settings;
    this.#client = new TritonClient(settings);
  }

  /**
   * Finds the model on the server. There it has the entry's name, and the entry's version where that is a whole number;
   * else the newest version is taken, and kept to.
   *
   * @throws {FlowError} `triton_…`, `model_io_mismatch`, `model_digest_mismatch`, `auth_failed`, `config_invalid`
   */
  async load({ entry }: Pick<ModelSource, 'entry'>, signal: AbortSignal): Promise<TritonModel> {
    await checkHealth(this.#client, `load model "${modelName(entry)}"`, signal);
    const found = await findModel(this.#client, { entry }, signal);
    return new TritonModel(this.#client, { entry, found, settings: this.#settings });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
  }
}
