/** The end of a line to the executor that an action holds, in whichever thread it runs. */
import type { MessagePort } from 'node:worker_threads';
import type { BoundModel } from '../../core/bound-model.ts';
import { type ErrorRecord, fromRecord } from '../../core/errors.ts';
import type { ModelEntry } from '../../core/model-entry.ts';
import { buffersOf, type Tensors } from '../../core/tensor.ts';
import { checkFinite } from './finite-outputs.ts';

export interface LineRequest {
  readonly id: number;
  readonly slot: string;
  readonly tensors: Tensors;
}

export interface LineAnswer {
  readonly id: number;
  readonly outputs?: Tensors;
  readonly error?: ErrorRecord;
}

/** A task's models by their slots, and the way to them. */
export interface TaskModels {
  readonly port: MessagePort;
  readonly entries: Readonly<Record<string, ModelEntry>>;
}

/** The models of a task as its rule gets them. The line is closed by whoever opened it. */
export function boundModels({ port, entries }: TaskModels): Record<string, BoundModel> {
  const pending = new Map<number, PromiseWithResolvers<Tensors>>();
  let last = 0;
  port.on('message', ({ id, outputs, error }: LineAnswer) => {
    const waiting = pending.get(id)!;
    pending.delete(id);
    if (pending.size === 0) port.unref();
    if (outputs) waiting.resolve(outputs);
    else waiting.reject(fromRecord(error!));
  });
  port.unref();
  const infer = async (slot: string, tensors: Tensors): Promise<Tensors> => {
    const id = ++last;
    const waiting = Promise.withResolvers<Tensors>();
    pending.set(id, waiting);
    port.ref();
    const request: LineRequest = { id, slot, tensors };
    port.postMessage(request, buffersOf(tensors));
    const outputs = await waiting.promise;
    checkFinite(entries[slot]!, outputs);
    return outputs;
  };
  return Object.fromEntries(
    Object.entries(entries).map(([slot, entry]) => [
      slot,
      { entry, classes: entry.classes ?? [], infer: (tensors) => infer(slot, tensors) },
    ]),
  );
}
