/** What a model file says of itself. ONNX Runtime reads it in a process of its own: whatever is in it, flow lives on. */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlowError, fileReason } from '../../core/errors.ts';
import type { TensorFacts } from '../inference/fault-of-tensors.ts';
import { badFile } from '../inference/inference-errors.ts';
import { faultOfModelFile, loadFault } from '../inference/load-fault.ts';
import type { OnnxFacts } from './onnx-facts.ts';
import { printedBy } from './printed-by.ts';

export interface InspectedModel {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

const program = fileURLToPath(new URL(`./onnx-facts${extname(import.meta.filename)}`, import.meta.url));

/** @throws {FlowError} `config_invalid` if it is no file; `model_io_mismatch` if ONNX Runtime cannot load it */
export async function inspectOnnx(path: string): Promise<InspectedModel> {
  refuseNoFile(path);
  const fault = faultOfModelFile(path);
  if (fault !== undefined) throw badFile(path, fault);
  const facts = await printedBy<OnnxFacts>(program, [path]).catch(({ message }: Error) => {
    throw badFile(path, `ONNX Runtime breaks down over it: ${message}`);
  });
  if ('fault' in facts) throw badFile(path, loadFault(facts.fault));
  return facts;
}

function refuseNoFile(path: string): void {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw noFile(path, stats.isDirectory() ? 'it is a folder' : 'it is no regular file');
  } catch (error) {
    throw error instanceof FlowError ? error : noFile(path, fileReason(error as NodeJS.ErrnoException));
  }
}

function noFile(path: string, why: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: path,
    message: `Cannot read the model: ${why}.`,
    fix: 'Name an .onnx file.',
  });
}
