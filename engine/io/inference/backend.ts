/** What runs models: ONNX Runtime on a device of this machine, or a server. */
import type { ModelEntry } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';

export interface ModelSource {
  readonly entry: ModelEntry;
  /** The graph's file, its digest verified, the files that it refers to beside it; undefined where a server has it. */
  readonly graphPath: string | undefined;
}

export interface Backend extends AsyncDisposable {
  /**
   * Makes a model ready, and holds its inputs and outputs against its entry.
   *
   * @throws {FlowError} `model_io_mismatch`, `model_not_found`, `gpu_oom`; of a server `triton_…`
   */
  load(source: ModelSource, signal: AbortSignal): Promise<LoadedModel>;
}

export interface LoadedModel {
  /**
   * Runs one batch, as large as the model takes it.
   *
   * @param feeds given away
   * @throws {FlowError} `gpu_oom`, `model_io_mismatch`, `triton_…`
   */
  run(feeds: Tensors, signal: AbortSignal): Promise<Tensors>;
  unload(): Promise<void>;
  /** What a person should know of it; a sentence. */
  readonly note?: string | undefined;
}
