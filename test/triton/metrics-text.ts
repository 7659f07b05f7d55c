/** The server's metrics, in the text format of Prometheus. */

import type { ReadyVersion } from './model-repository.ts';
import type { ModelStatistics } from './model-statistics.ts';

type Value = (statistics: ModelStatistics, version: ReadyVersion) => number;

const metrics: readonly [name: string, type: 'counter' | 'gauge', value: Value][] = [
  ['nv_inference_request_success', 'counter', ({ success }) => success.count],
  ['nv_inference_request_failure', 'counter', ({ fail }) => fail.count],
  ['nv_inference_count', 'counter', ({ inferenceCount }) => inferenceCount],
  ['nv_inference_exec_count', 'counter', ({ executionCount }) => executionCount],
  ['nv_inference_request_duration_us', 'counter', ({ success }) => success.us],
  ['nv_inference_queue_duration_us', 'counter', ({ queue }) => queue.us],
  ['nv_inference_compute_input_duration_us', 'counter', ({ computeInput }) => computeInput.us],
  ['nv_inference_compute_infer_duration_us', 'counter', ({ computeInfer }) => computeInfer.us],
  ['nv_inference_compute_output_duration_us', 'counter', ({ computeOutput }) => computeOutput.us],
  ['nv_inference_pending_request_count', 'gauge', (_, { batcher }) => batcher.pending],
];

export function metricsText(versions: readonly ReadyVersion[]): string {
  return metrics
    .flatMap(([name, type, value]) => [
      `# TYPE ${name} ${type}`,
      ...versions.map(
        (one) => `${name}{model="${one.model.name}",version="${one.version}"} ${value(one.statistics, one)}`,
      ),
    ])
    .map((line) => `${line}\n`)
    .join('');
}
