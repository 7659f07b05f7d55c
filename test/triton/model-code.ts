/** What the server's models compute: real arithmetic, so that results can be held against other ways to them. */
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import {
  type ArrayDatatype,
  countOf,
  type Datatype,
  elementBytes,
  elementsOf,
  isArrayDatatype,
  type TensorSpec,
  type WireTensor,
} from './wire-tensor.ts';

export interface ModelCode {
  /** Shapes with the batch, where the model takes batches. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  run(inputs: readonly WireTensor[]): Promise<WireTensor[]>;
  close(): Promise<void>;
}

/** Gives back what it gets: `INPUT0` as `OUTPUT0`. */
export function identity(datatype: Datatype, shape: readonly number[] = [-1, -1]): () => Promise<ModelCode> {
  return async () => ({
    inputs: [{ name: 'INPUT0', datatype, shape }],
    outputs: [{ name: 'OUTPUT0', datatype, shape }],
    run: async ([input]) => [{ ...input!, name: 'OUTPUT0' }],
    close: async () => undefined,
  });
}

/** The mean of the pixels of each picture: `pixels` UINT8 [n, h, w, 3] to `mean` FP32 [n, 3]. */
export async function meanOfPixels(): Promise<ModelCode> {
  return {
    inputs: [{ name: 'pixels', datatype: 'UINT8', shape: [-1, -1, -1, 3] }],
    outputs: [{ name: 'mean', datatype: 'FP32', shape: [-1, 3] }],
    run: async ([pixels]) => {
      const [items] = pixels!.shape as [number];
      const perItem = countOf(pixels!.shape.slice(1));
      const sums = new Float64Array(items * 3);
      pixels!.bytes.forEach((value, at) => {
        sums[Math.floor(at / perItem) * 3 + (at % 3)]! += value;
      });
      const means = Float32Array.from(sums, (sum) => sum / (perItem / 3));
      return [{ name: 'mean', datatype: 'FP32', shape: [items, 3], bytes: new Uint8Array(means.buffer) }];
    },
    close: async () => undefined,
  };
}

/** A file of ONNX, or what such a file holds, by the same library as in flow. */
export function onnx(file: string | Uint8Array): () => Promise<ModelCode> {
  return async () => {
    const content = typeof file === 'string' ? await readFile(file) : file;
    const session = await ort.InferenceSession.create(content, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return {
      inputs: session.inputMetadata.map(specOf),
      outputs: session.outputMetadata.map(specOf),
      run: (inputs) => runSession(session, inputs),
      close: () => session.release(),
    };
  };
}

async function runSession(
  session: ort.InferenceSession,
  inputs: readonly WireTensor[],
): Promise<WireTensor[]> {
  const feeds = inputs.map((input) => [
    input.name,
    // Its overloads want one type at a time.
    new ort.Tensor(
      ortTypes[input.datatype as ArrayDatatype] as 'float32',
      elementsOf(input) as Float32Array,
      input.shape,
    ),
  ]);
  const fetched = await session.run(Object.fromEntries(feeds));
  return Object.entries(fetched).map(([name, { type, data, dims }]) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array; // Any of the types of the table.
    return {
      name,
      datatype: datatypeOf(type),
      shape: dims,
      bytes: new Uint8Array(buffer, byteOffset, byteLength),
    };
  });
}

const ortTypes = {
  ...{ BOOL: 'bool', UINT8: 'uint8', INT8: 'int8', UINT16: 'uint16', INT16: 'int16', UINT32: 'uint32' },
  ...{ INT32: 'int32', UINT64: 'uint64', INT64: 'int64', FP32: 'float32', FP64: 'float64' },
} as const satisfies Record<ArrayDatatype, ort.Tensor.Type>;

function datatypeOf(type: string): Datatype {
  const found = (Object.keys(elementBytes) as Datatype[]).find(
    (datatype) => isArrayDatatype(datatype) && ortTypes[datatype] === type,
  );
  if (found) return found;
  throw new Error(`no datatype for ${type}`);
}

function specOf(metadata: ort.InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) throw new Error(`'${metadata.name}' is no tensor`);
  const shape = metadata.shape.map((length) => (typeof length === 'number' ? length : -1));
  return { name: metadata.name, datatype: datatypeOf(metadata.type), shape };
}
