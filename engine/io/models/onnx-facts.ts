/** A program of its own, which a broken model may take down: prints what ONNX Runtime finds in a file, as JSON. */
import type { TensorFacts } from '../inference/fault-of-tensors.ts';
import { ort } from '../inference/quiet-ort.ts';

export type OnnxFacts =
  | { readonly inputs: readonly TensorFacts[]; readonly outputs: readonly TensorFacts[] }
  | { readonly fault: string };

async function factsOfFile(path: string): Promise<OnnxFacts> {
  try {
    const { inputMetadata, outputMetadata } = await ort.InferenceSession.create(path, {
      graphOptimizationLevel: 'disabled',
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    return { inputs: inputMetadata.map(factsOf), outputs: outputMetadata.map(factsOf) };
  } catch (error) {
    return { fault: (error as Error).message }; // ONNX Runtime throws nothing else.
  }
}

function factsOf(one: ort.InferenceSession.ValueMetadata): TensorFacts {
  const { name } = one;
  return one.isTensor ? { name, dtype: one.type, shape: one.shape } : { name, dtype: 'no tensor', shape: [] };
}

process.stdout.write(JSON.stringify(await factsOfFile(process.argv[2]!)));
