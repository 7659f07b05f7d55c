/** An answer to a request of inference: JSON, and the bytes of those outputs that were wanted raw. */
import type { InferRequest } from './infer-request.ts';
import type { ReadyVersion } from './model-repository.ts';
import { jsonOfTensor, type WireTensor } from './wire-tensor.ts';

export interface InferAnswer {
  readonly json: Record<string, unknown>;
  readonly raw: Buffer;
}

export function inferAnswer(
  { id, outputs }: InferRequest,
  { model, version }: Pick<ReadyVersion, 'model' | 'version'>,
  computed: readonly WireTensor[],
): InferAnswer {
  const raw: Uint8Array[] = [];
  const tensors = outputs.map(({ name, isBinary }) => {
    const tensor = computed.find((one) => one.name === name)!; // Its name was checked against the model's outputs.
    const { datatype, shape, bytes } = tensor;
    if (!isBinary) return { name, datatype, shape, data: jsonOfTensor(tensor) };
    raw.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const json = {
    ...(id !== undefined && id !== '' && { id }),
    model_name: model.name,
    model_version: version,
    outputs: tensors,
  };
  return { json, raw: Buffer.concat(raw) };
}
