/** Models and backends that tests can look into. */
import type { AssignedModel } from '../../../../engine/core/assigned-model.ts';
import { digestOf } from '../../../../engine/core/digest.ts';
import { type ModelEntry, modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import { type Tensors, tensor } from '../../../../engine/core/tensor.ts';
import type { Backend, LoadedModel, ModelSource } from '../../../../engine/io/inference/backend.ts';

/** A model that takes and gives one number an item, or however many `length` says. */
export function fakeEntry(name: string, changes: Partial<ModelEntry> = {}): ModelEntry {
  return {
    ...modelEntrySchema.parse({
      schema_version: 1,
      name,
      version: '1',
      task: 'test',
      licence: 'MIT',
      source: 'this test',
      files: [{ name: `${name}.onnx`, sha256: '0'.repeat(64), bytes: 100 }],
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 1] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
    }),
    ...changes,
  };
}

export function assignedTo(entry: ModelEntry, changes: Partial<AssignedModel> = {}): AssignedModel {
  return {
    slot: 'slot',
    model: { entry, file: 'model.yaml', folder: '.' },
    weightsDigest: digestOf(entry.name),
    engine: 'onnx',
    engineVersion: 'onnxruntime@1',
    precision: 'fp32',
    device: 'cpu',
    memoryMiB: undefined,
    ...changes,
  };
}

export function numbers(...values: readonly number[]): Tensors {
  return { x: tensor('float32', Float32Array.from(values), [values.length, 1]) };
}

export function valuesOf(outputs: Tensors): number[] {
  return [...(outputs['y']!.data as Float32Array)];
}

/** What a fake backend does with a batch. @throws what it shall throw */
export type Behaviour = (values: readonly number[], model: string) => Promise<void> | void;

/** Gives every number times ten, and keeps a record of what it was asked. */
export class FakeBackend implements Backend {
  readonly events: string[] = [];
  isClosed = false;
  /** Most batches that were run at the same time. */
  mostAtOnce = 0;
  #running = 0;
  readonly #behave: Behaviour;

  constructor(behave: Behaviour = () => {}) {
    this.#behave = behave;
  }

  async load({ entry: { name } }: ModelSource): Promise<LoadedModel> {
    this.events.push(`load ${name}`);
    return {
      run: async (feeds, signal) => {
        const values = [...(feeds['x']!.data as Float32Array)];
        this.events.push(`${name}: ${values.join(' ')}`);
        this.#running += 1;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(signal.reason));
        try {
          await Promise.race([this.#behave(values, name), promise]);
        } finally {
          this.#running -= 1;
        }
        const products = Float32Array.from(values, (value) => value * 10);
        return { y: tensor('float32', products, [values.length, 1]) };
      },
      unload: async () => {
        this.events.push(`unload ${name}`);
      },
    };
  }

  /** The batches that were run, in order. */
  get batches(): string[] {
    return this.events.filter((event) => event.includes(':'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
  }
}
