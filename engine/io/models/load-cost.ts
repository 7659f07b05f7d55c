import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DeviceName } from '../../core/assigned-model.ts';
import type { LoadCost } from './onnx-load.ts';

const program = fileURLToPath(new URL(`./onnx-load${extname(import.meta.filename)}`, import.meta.url));

/** What it costs to load a model. @throws {Error} with ONNX Runtime's words, where it cannot be loaded on the device */
export async function loadCost(path: string, device: DeviceName): Promise<LoadCost> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, path, device]);
  const answer = JSON.parse(stdout) as LoadCost | { readonly fault: string }; // What our own program has written.
  if ('fault' in answer) throw new Error(answer.fault);
  return answer;
}
