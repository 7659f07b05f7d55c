/** A model run by ONNX Runtime alone, without the executor: for tests of rules, and to hold the executor against. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as ort from 'onnxruntime-node';
import { parse } from 'yaml';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { type ModelEntry, modelEntrySchema } from '../../engine/core/model-entry.ts';
import type { Tensor, TensorDtype, Tensors } from '../../engine/core/tensor.ts';

/** Where files of learned models lie by their names; it may be absent. */
export const modelsMirror = resolve(import.meta.dirname, '../../../shared/models');

/** For a test's `skip`. */
export const withoutModels = existsSync(modelsMirror) ? false : `no folder ${modelsMirror}`;

/** @param path of the entry, from the root of the repository: `rules/models/…/….yaml` */
export async function plainModel(path: string): Promise<BoundModel & AsyncDisposable> {
  const file = resolve(import.meta.dirname, '../..', path);
  const entry = modelEntrySchema.parse(parse(readFileSync(file, 'utf8')));
  const session = await ort.InferenceSession.create(graphOf(entry, dirname(file)), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return {
    entry,
    classes: entry.classes ?? [],
    infer: (tensors) => inferPlainly(session, entry, tensors),
    [Symbol.asyncDispose]: () => session.release(),
  };
}

function graphOf(entry: ModelEntry, folder: string): Uint8Array {
  const [graph] = entry.files;
  if (graph?.path !== undefined) return readFileSync(join(folder, graph.path));
  const path = fileInMirror(entry);
  if (path === undefined) throw new Error(`the mirror has no ${graph?.name}`);
  return readFileSync(path);
}

/** Path of the file of a model's graph in the mirror, known by its digest; undefined if it is not there. */
export function fileInMirror({ files: [graph] }: ModelEntry): string | undefined {
  const paths = readdirSync(modelsMirror).map((name) => join(modelsMirror, name));
  return paths.find((path) => path.endsWith('.onnx') && sha256Of(path) === graph?.sha256);
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Item by item where the model takes one at a time. */
async function inferPlainly(
  session: ort.InferenceSession,
  { inputs }: ModelEntry,
  tensors: Tensors,
): Promise<Tensors> {
  const count = Object.values(tensors)[0]!.shape[0]!;
  if (typeof inputs[0]!.shape[0] === 'string' || count === 1) return runOnce(session, tensors);
  const items: Tensors[] = [];
  for (let item = 0; item < count; item += 1) items.push(await runOnce(session, itemOf(tensors, item)));
  return Object.fromEntries(
    Object.keys(items[0]!).map((name) => [name, joined(items.map((one) => one[name]!))]),
  );
}

async function runOnce(session: ort.InferenceSession, tensors: Tensors): Promise<Tensors> {
  const feeds = Object.entries(tensors).map(([name, { dtype, data, shape }]) => [
    name,
    new ort.Tensor(dtype as 'float32', data as Float32Array, shape), // Its overloads want one dtype at a time.
  ]);
  const fetched = await session.run(Object.fromEntries(feeds));
  return Object.fromEntries(
    Object.entries(fetched).map(([name, { type, data, dims }]) => [
      name,
      { dtype: type as TensorDtype, data: data as Tensor['data'], shape: dims },
    ]),
  );
}

function itemOf(tensors: Tensors, item: number): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, data, shape }]) => {
      const size = data.length / shape[0]!;
      return [
        name,
        { dtype, data: data.slice(item * size, (item + 1) * size), shape: [1, ...shape.slice(1)] },
      ];
    }),
  );
}

function joined(items: readonly Tensor[]): Tensor {
  const [first] = items;
  const data = new (first!.data.constructor as Float32ArrayConstructor)(
    items.reduce((sum, one) => sum + one.data.length, 0),
  ); // All have the type of the first.
  let at = 0;
  for (const one of items) {
    data.set(one.data as Float32Array, at);
    at += one.data.length;
  }
  return { dtype: first!.dtype, data, shape: [items.length * first!.shape[0]!, ...first!.shape.slice(1)] };
}
