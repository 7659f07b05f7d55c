import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DeviceName } from '../../core/assigned-model.ts';
import type { LoadCost } from './onnx-load.ts';

const program = fileURLToPath(new URL(`./onnx-load${extname(import.meta.filename)}`, import.meta.url));

/** What it costs to load a model. @param path of one that has been loaded on the device before */
export async function loadCost(path: string, device: DeviceName): Promise<LoadCost> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, path, device]);
  return JSON.parse(stdout) as LoadCost; // What our own program has written.
}
