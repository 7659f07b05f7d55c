/** A request of inference, read and checked as Triton does, in both of its forms and mixed. */
import { z } from 'zod';
import type { ReadyVersion } from './model-repository.ts';
import { Refusal } from './refusal.ts';
import {
  bytesOfJson,
  bytesOfStrings,
  countOf,
  elementBytes,
  isDatatype,
  stringsOf,
  type TensorSpec,
  type WireTensor,
} from './wire-tensor.ts';

export interface InferRequest {
  readonly id: string | undefined;
  readonly timeoutUs: number;
  readonly inputs: readonly WireTensor[];
  readonly outputs: readonly WantedOutput[];
}

export interface WantedOutput {
  readonly name: string;
  readonly isBinary: boolean;
}

export interface InferBody {
  readonly bytes: Buffer;
  /** `Inference-Header-Content-Length`, as it came. */
  readonly headerLength: string | undefined;
  readonly mostJsonBytes: number;
}

const deepestJson = 100;

/** @throws {Refusal} */
export function readInferRequest(body: InferBody, version: ReadyVersion): InferRequest {
  const length = jsonLength(body);
  if (length === 0 && body.headerLength !== undefined) return rawRequest(body.bytes, version);
  if (length > body.mostJsonBytes)
    throw new Refusal(
      400,
      `Request JSON size (${length} bytes) exceeds maximum allowed value of ${body.mostJsonBytes} bytes.`,
    );
  const json = parseJson(body.bytes.subarray(0, length));
  try {
    return jsonRequest(json, body.bytes.subarray(length), version);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.status, `[request id: ${json.id || '<id_unknown>'}] ${error.message}`);
  }
}

function jsonLength({ bytes, headerLength }: InferBody): number {
  if (headerLength === undefined) return bytes.length;
  const length = /^-?\d+$/.test(headerLength) ? Number(headerLength) : Number.NaN;
  if (length >= 0 && length <= bytes.length) return length;
  throw new Refusal(
    400,
    `inference header size should be in range (0, ${bytes.length}), got: ${headerLength}`,
    { isTyped: false },
  );
}

const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({});

const requestSchema = z.object({
  id: z.string().optional(),
  parameters,
  inputs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.number().int().nonnegative()),
      datatype: z.string(),
      parameters,
      data: z.unknown().optional(),
    }),
  ),
  outputs: z.array(z.object({ name: z.string(), parameters })).optional(),
});

type RequestJson = z.output<typeof requestSchema>;
type InputJson = RequestJson['inputs'][number];

function parseJson(bytes: Buffer): RequestJson {
  const text = bytes.toString();
  if (depthOf(text) > deepestJson)
    throw new Refusal(
      400,
      `failed to parse the request JSON buffer: nesting depth exceeds the limit of ${deepestJson}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `failed to parse the request JSON buffer: ${(error as SyntaxError).message}`); // It throws these.
  }
  const parsed = requestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refusal(400, `Unable to parse '${issue!.path.join('.')}': ${issue!.message}`); // A failure has an issue.
}

/** How deep brackets go; those inside of strings are no brackets. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const mark of text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/[[\]{}]/g) ?? []) {
    depth += mark === '[' || mark === '{' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function jsonRequest(json: RequestJson, raw: Buffer, version: ReadyVersion): InferRequest {
  const { name: model } = version.model;
  const reserved = Object.keys(json.parameters).find((key) => key.startsWith('triton_'));
  if (reserved)
    throw new Refusal(
      400,
      `parameter keys starting with 'triton_' are reserved for Triton usage, got '${reserved}'`,
    );
  let at = 0;
  const inputs = json.inputs.map((input) => {
    const size = binarySizeOf(input);
    if (size === undefined) return jsonInput(input, model);
    if (at + size > raw.length)
      throw new Refusal(
        400,
        `unexpected size for input '${input.name}', expecting ${at + size - raw.length} additional bytes for model '${model}'`,
      );
    at += size;
    return { ...headOf(input), bytes: raw.subarray(at - size, at) };
  });
  if (at < raw.length) throw new Refusal(400, `unexpected additional input data for model '${model}'`);
  checkInputs(inputs, version);
  return {
    id: json.id,
    timeoutUs: Number(json.parameters['timeout'] ?? 0),
    inputs,
    outputs: wantedOutputs(json, version),
  };
}

function binarySizeOf({ name, data, parameters: { binary_data_size: size } }: InputJson): number | undefined {
  if ((data !== undefined) === (size !== undefined))
    throw new Refusal(
      400,
      `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. Got input '${name}'`,
    );
  if (size === undefined || (typeof size === 'number' && Number.isInteger(size) && size >= 0)) return size;
  throw new Refusal(400, `Unable to parse 'binary_data_size' of input '${name}'`);
}

function headOf({ name, datatype, shape }: InputJson): Omit<WireTensor, 'bytes'> {
  if (isDatatype(datatype)) return { name, datatype, shape };
  throw new Refusal(400, `invalid datatype '${datatype}' for inference input '${name}'`);
}

function jsonInput(input: InputJson, model: string): WireTensor {
  const head = headOf(input);
  return { ...head, bytes: bytesOfJson(input.data, head, model) };
}

function checkInputs(inputs: readonly WireTensor[], { model, code }: ReadyVersion): void {
  checkNames(inputs, code.inputs, model.name);
  for (const input of inputs) {
    const spec = code.inputs.find(({ name }) => name === input.name)!; // Its names were checked.
    checkInput(input, spec, { model: model.name, isBatched: (model.maxBatchSize ?? 0) > 0 });
  }
  checkBatch(inputs, model);
}

function checkNames(inputs: readonly WireTensor[], specs: readonly TensorSpec[], model: string): void {
  const listed = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(',')}]`;
  const got = inputs.map(({ name }) => name);
  const missing = specs.map(({ name }) => name).filter((name) => !got.includes(name));
  const unknown = got.find((name) => specs.every((spec) => spec.name !== name));
  if (unknown !== undefined)
    throw new Refusal(400, `unexpected inference input '${unknown}' for model '${model}'`);
  if (got.length !== specs.length || missing.length > 0)
    throw new Refusal(
      400,
      `expected ${specs.length} inputs but got ${got.length} inputs for model '${model}'. Got input(s) ${listed(got)}, but missing required input(s) ${listed(missing)}. Please provide all required input(s).`,
    );
}

function checkInput(
  input: WireTensor,
  spec: TensorSpec,
  { model, isBatched }: { readonly model: string; readonly isBatched: boolean },
): void {
  const { name, datatype, shape, bytes } = input;
  if (datatype !== spec.datatype)
    throw new Refusal(
      400,
      `inference input '${name}' data-type is '${datatype}', but model '${model}' expects '${spec.datatype}'`,
    );
  if (!fits(shape, spec.shape))
    throw new Refusal(
      400,
      `unexpected shape for input '${name}' for model '${model}'. Expected [${spec.shape}], got [${shape}]. ${
        isBatched
          ? 'NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape.'
          : ''
      }`,
    );
  if (datatype === 'BYTES') stringsOf(input);
  const expected = countOf(shape) * elementBytes[datatype];
  if (datatype !== 'BYTES' && bytes.length !== expected)
    throw new Refusal(
      400,
      `input byte size mismatch for input '${name}' for model '${model}'. Expected ${expected}, got ${bytes.length}`,
    );
}

function fits(shape: readonly number[], spec: readonly number[]): boolean {
  return (
    shape.length === spec.length && spec.every((length, axis) => length === -1 || length === shape[axis])
  );
}

function checkBatch(inputs: readonly WireTensor[], { name, maxBatchSize = 0 }: ReadyVersion['model']): void {
  if (maxBatchSize === 0) return;
  const items = inputs[0]!.shape[0]!;
  const other = inputs.find(({ shape }) => shape[0] !== items);
  if (other)
    throw new Refusal(400, `input '${other.name}' batch size does not match other inputs for '${name}'`);
  if (items > maxBatchSize || items === 0)
    throw new Refusal(400, `inference request batch-size must be <= ${maxBatchSize} for '${name}'`);
}

function wantedOutputs({ outputs, parameters: forAll }: RequestJson, version: ReadyVersion): WantedOutput[] {
  const { model, code } = version;
  if (!outputs || outputs.length === 0)
    return code.outputs.map(({ name }) => ({ name, isBinary: forAll['binary_data_output'] === true }));
  return outputs.map(({ name, parameters: own }) => {
    if (code.outputs.every((spec) => spec.name !== name))
      throw new Refusal(400, `unexpected inference output '${name}' for model '${model.name}'`);
    if ('classification' in own)
      throw new Refusal(400, `classification is not supported for output '${name}'`);
    return { name, isBinary: own['binary_data'] === true };
  });
}

/** All of the body is the only input. */
function rawRequest(body: Buffer, version: ReadyVersion): InferRequest {
  const { model, code } = version;
  const [spec, ...others] = code.inputs;
  if (!spec || others.length > 0)
    throw new Refusal(
      400,
      `Raw request must only have 1 input (found ${code.inputs.length}) to be deduced but got ${code.inputs.length} inputs in '${model.name}' model configuration`,
    );
  const isBatched = (model.maxBatchSize ?? 0) > 0;
  const dims = isBatched ? spec.shape.slice(1) : spec.shape;
  if (dims.filter((length) => length === -1).length > 1)
    throw new Refusal(
      400,
      `The shape of the raw input '${spec.name}' can not be deduced because there are more than one variable-sized dimension`,
    );
  const bytes = spec.datatype === 'BYTES' ? bytesOfStrings([body]) : body;
  const count = spec.datatype === 'BYTES' ? 1 : body.length / elementBytes[spec.datatype];
  const known = countOf(dims.filter((length) => length !== -1));
  const shape = [
    ...(isBatched ? [1] : []),
    ...dims.map((length) => (length === -1 ? Math.floor(count / known) : length)),
  ];
  const inputs = [{ ...spec, shape, bytes }];
  checkInputs(inputs, version);
  const outputs = code.outputs.map(({ name }) => ({ name, isBinary: true }));
  return { id: undefined, timeoutUs: 0, inputs, outputs };
}
