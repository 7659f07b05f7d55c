import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceName } from '../../core/assigned-model.ts';
import type { LoadCost } from './onnx-load.ts';
import { printedBy } from './printed-by.ts';

const program = fileURLToPath(new URL(`./onnx-load${extname(import.meta.filename)}`, import.meta.url));

/** What it costs to load a model. @throws {Error} with ONNX Runtime's words, where it cannot be loaded on the device */
export async function loadCost(path: string, device: DeviceName): Promise<LoadCost> {
  const answer = await printedBy<LoadCost | { readonly fault: string }>(program, [path, device]);
  if ('fault' in answer) throw new Error(answer.fault);
  return answer;
}
