/** ONNX Runtime alone, in the process at hand: for models whose outputs no entry describes. */
import type { Tensors } from '../../core/tensor.ts';
import { allToOrt, fromOrt } from './ort-tensors.ts';
import { ort } from './quiet-ort.ts';

export class PlainSession implements AsyncDisposable {
  readonly #session: ort.InferenceSession;

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** @param path of a model that ONNX Runtime can load (see `inspectOnnx`) */
  static async open(path: string): Promise<PlainSession> {
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 4 } as const;
    return new PlainSession(await ort.InferenceSession.create(path, options));
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const made = Object.entries(await this.#session.run(allToOrt(feeds)));
    return Object.fromEntries(made.map(([name, one]) => [name, fromOrt(one)]));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#session.release();
  }
}
