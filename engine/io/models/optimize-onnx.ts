/** A model as ONNX Runtime makes it for itself, saved. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ort } from '../inference/quiet-ort.ts';
import { toCanonicalOrder } from '../onnx/canonical-order.ts';
import { readOnnx, writeOnnx } from '../onnx/onnx-file.ts';

/**
 * `basic`: constants folded, operators without effect left out, normalisation folded into weights; operators of ONNX
 * alone. `extended`: operators that only ONNX Runtime has. `all`: the order of the numbers, too, as this processor's kind wants it.
 */
export type OptimizationLevel = 'basic' | 'extended' | 'all';

/** @param path of a model that ONNX Runtime can load (see `inspectOnnx`) @returns the same bytes each time, on one kind of processor */
export async function optimizeOnnx(path: string, level: OptimizationLevel): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'flow-optimize-'));
  try {
    const optimizedModelFilePath = join(folder, 'optimized.onnx');
    const session = await ort.InferenceSession.create(path, {
      optimizedModelFilePath,
      graphOptimizationLevel: level,
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    await session.release();
    const model = readOnnx(readFileSync(optimizedModelFilePath));
    toCanonicalOrder(model);
    return writeOnnx(model);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
