/** A program of its own, in which nothing else takes memory: loads a model as builds do, and prints what that costs, or why it cannot be, as JSON. */
import { ort } from '../inference/quiet-ort.ts';
import { GraphBuilder } from '../onnx/graph-builder.ts';
import { writeOnnx } from '../onnx/onnx-file.ts';

export interface LoadCost {
  /** From a file that the system has in memory. */
  readonly loadMs: number;
  /** By which the process has grown. */
  readonly memoryBytes: number;
}

const [path, device] = process.argv.slice(2) as [string, string];
const setting = {
  executionProviders: [device],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
} as const;

/** Does nothing. The first model of a process also pays for ONNX Runtime itself. */
function emptyModel(): Uint8Array {
  const graph = new GraphBuilder('empty');
  graph.output('y', graph.input('x', ['N']), ['N']);
  return writeOnnx(graph.model({ producer: 'flow', description: '' }));
}

async function costOfLoading(): Promise<LoadCost> {
  const empty = await ort.InferenceSession.create(emptyModel(), setting);
  const startedBytes = process.memoryUsage.rss();
  const startedMs = performance.now();
  const session = await ort.InferenceSession.create(path, setting);
  const cost = {
    loadMs: performance.now() - startedMs,
    memoryBytes: process.memoryUsage.rss() - startedBytes,
  };
  await Promise.all([session.release(), empty.release()]);
  return cost;
}

const answer = await costOfLoading().catch(({ message }: Error) => ({ fault: message }));
process.stdout.write(JSON.stringify(answer));
