/** What is said between the engine and a thread that runs models. */
import type { DeviceName } from '../../core/assigned-model.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { ModelEntry } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';

/** `end`: nothing comes after it. What came before is left undone, but for what is being run or loaded just then. */
export type LaneRequest = LaneQuestion | { readonly type: 'end' };

/** What is answered, under the same number. */
export type LaneQuestion = { readonly id: number } & (
  | {
      readonly type: 'load';
      /** A number that the engine gives it. */
      readonly model: number;
      readonly entry: ModelEntry;
      readonly graphPath: string;
      readonly device: DeviceName;
    }
  | { readonly type: 'run'; readonly model: number; readonly feeds: Tensors }
  | { readonly type: 'unload'; readonly model: number }
);

export interface LaneAnswer {
  readonly id: number;
  /** Of a run. */
  readonly outputs?: Tensors;
  readonly error?: ErrorRecord;
}
