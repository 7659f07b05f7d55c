/**
 * Requests and answers of inference as the Open Inference Protocol (KServe v2) has them over HTTP, tensors as raw bytes
 * by Triton's extension for binary tensors: JSON, then the bytes of each tensor in the order in which JSON names them.
 *
 * Bytes go as they lie in memory. The protocol is little-endian, and so is every processor that this runs on.
 */
import { z } from 'zod';
import { elementCount } from '../../core/nd-array.ts';
import type { Tensor, TensorData, TensorDtype, Tensors } from '../../core/tensor.ts';

/** The names of the protocol for element types. */
const datatypes = {
  float32: 'FP32',
  float64: 'FP64',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  bool: 'BOOL',
} as const satisfies Record<TensorDtype, string>;

/** Undefined for a type that flow does not have. */
export function dtypeOf(datatype: string): TensorDtype | undefined {
  return (Object.keys(datatypes) as TensorDtype[]).find((dtype) => datatypes[dtype] === datatype); // Its keys.
}

const arrays: { readonly [D in TensorDtype]: new (bytes: ArrayBuffer) => TensorData[D] } = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

const elementBytes = {
  float32: 4,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
} as const satisfies Record<TensorDtype, number>;

/** The header that says where JSON ends and bytes begin. */
export const jsonLengthHeader = 'inference-header-content-length';

export interface InferMessage {
  readonly jsonBytes: number;
  readonly parts: readonly Uint8Array[];
}

/**
 * @param outputs names of those that are wanted
 * @param timeoutMs after which nobody waits for the answer any more
 */
export function encodeRequest(
  feeds: Tensors,
  { outputs, timeoutMs }: { readonly outputs: readonly string[]; readonly timeoutMs: number },
): InferMessage {
  const tensors = Object.entries(feeds);
  const json = Buffer.from(
    JSON.stringify({
      // Servers that are asked for certain outputs look at what is said with each of them; others at what is said for all.
      parameters: { binary_data_output: true, timeout: Math.round(timeoutMs * 1000) },
      inputs: tensors.map(([name, { dtype, shape, data }]) => ({
        name,
        datatype: datatypes[dtype],
        shape,
        parameters: { binary_data_size: data.byteLength },
      })),
      outputs: outputs.map((name) => ({ name, parameters: { binary_data: true } })),
    }),
  );
  return { jsonBytes: json.length, parts: [json, ...tensors.map(([, { data }]) => bytesOf(data))] };
}

function bytesOf({ buffer, byteOffset, byteLength }: Tensor['data']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const answerSchema = z.object({
  model_name: z.string(),
  model_version: z.string().optional(),
  outputs: z.array(
    z.object({
      name: z.string(),
      datatype: z.string(),
      shape: z.array(z.number().int().nonnegative()),
      parameters: z.looseObject({ binary_data_size: z.number().int().nonnegative().optional() }).optional(),
      data: z.unknown().optional(),
    }),
  ),
});

export interface DecodedAnswer {
  readonly model: string;
  /** Of the model that ran; undefined where the server has no versions. */
  readonly version: string | undefined;
  readonly tensors: Tensors;
}

/** The answer is whole, but not what the model was asked for. */
export class UnexpectedOutput extends Error {}

/** The frame of an answer is broken: nothing in it can be believed. */
class UnreadableAnswer extends Error {}

/**
 * @param jsonLength the header's value; undefined if the answer has none
 * @param wanted outputs by their names; others are passed over
 * @returns each tensor in memory of its own, so that it can be given away alone
 * @throws {UnexpectedOutput}
 * @throws {UnreadableAnswer}
 */
export function decodeAnswer(
  chunks: readonly Uint8Array[],
  jsonLength: string | undefined,
  wanted: ReadonlyMap<string, TensorDtype>,
): DecodedAnswer {
  const body = new ByteReader(chunks);
  const json = parseJson(body.take(lengthOfJson(jsonLength, body.left)));
  const tensors = new Map<string, Tensor>();
  for (const output of json.outputs) {
    const size = output.parameters?.binary_data_size;
    if (size !== undefined && size > body.left)
      throw new UnreadableAnswer(`output "${output.name}" has ${size} bytes, but only ${body.left} are left`);
    const bytes = size === undefined ? undefined : body.take(size);
    const dtype = wanted.get(output.name);
    if (dtype === undefined) continue;
    if (tensors.has(output.name)) throw new UnreadableAnswer(`it has output "${output.name}" twice`);
    tensors.set(output.name, decodeTensor(output, dtype, bytes));
  }
  if (body.left > 0) throw new UnreadableAnswer(`${body.left} bytes are left over`);
  const missing = [...wanted.keys()].find((name) => !tensors.has(name));
  if (missing !== undefined) throw new UnexpectedOutput(`output "${missing}" is missing`);
  return { model: json.model_name, version: json.model_version, tensors: Object.fromEntries(tensors) };
}

type AnswerTensor = z.output<typeof answerSchema>['outputs'][number];

function decodeTensor(
  { name, datatype, shape }: AnswerTensor,
  dtype: TensorDtype,
  bytes: Uint8Array<ArrayBuffer> | undefined,
): Tensor {
  if (datatype !== datatypes[dtype])
    throw new UnexpectedOutput(
      `output "${name}": expected datatype ${datatypes[dtype]}, found "${datatype}"`,
    );
  // As decimal text numbers would lose digits.
  if (!bytes) throw new UnexpectedOutput(`output "${name}": expected raw bytes, found JSON`);
  const expected = elementCount(shape) * elementBytes[dtype];
  if (bytes.length !== expected)
    throw new UnreadableAnswer(
      `output "${name}" of shape [${shape.join(', ')}] has ${bytes.length} bytes, not ${expected}`,
    );
  return { dtype, shape, data: new arrays[dtype](bytes.buffer) };
}

function lengthOfJson(header: string | undefined, bodyLength: number): number {
  if (header === undefined) return bodyLength;
  const length = /^\d+$/.test(header) ? Number(header) : Number.NaN;
  if (length <= bodyLength) return length;
  throw new UnreadableAnswer(`its JSON has "${header}" bytes, and all of it ${bodyLength}`);
}

function parseJson(bytes: Uint8Array): z.output<typeof answerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new UnreadableAnswer('its JSON is broken'); // What it is instead would not help anybody.
  }
  const parsed = answerSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UnreadableAnswer(`"${issue!.path.join('.')}" in its JSON: ${issue!.message}`); // A failure has an issue.
}

/** Bytes from the front of what came in pieces: copied once, each time into memory of their own. */
class ByteReader {
  readonly #chunks: readonly Uint8Array[];
  #chunk = 0;
  #at = 0;
  left: number;

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks;
    this.left = chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param count at most `left` */
  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      const chunk = this.#chunks[this.#chunk]!; // `count` is at most what is left.
      const piece = chunk.subarray(this.#at, this.#at + count - filled);
      taken.set(piece, filled);
      filled += piece.length;
      this.#at += piece.length;
      if (this.#at === chunk.length) [this.#chunk, this.#at] = [this.#chunk + 1, 0];
    }
    this.left -= count;
    return taken;
  }
}
