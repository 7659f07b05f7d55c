/** Ground truth: shared/data/SOURCES.md. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { NdArray } from '../../../engine/core/nd-array.ts';
import { coreClip } from '../../../rules/visual/core-clip.ts';
import { decodeWithFfmpeg } from '../../decode-with-ffmpeg.ts';
import { plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { runSegmented } from './run-segmented.ts';

const models = [
  { path: 'rules/models/scatter-embed/scatter-embed.yaml', skip: false },
  { path: 'rules/models/shufflenet/shufflenet-v2-int8.yaml', skip: withoutModels },
];

/** Of `bikes.mp4`, in samples: 5 a second of 25 frames. */
const cuts = [30, 76, 137, 187, 242].map((frame) => Math.ceil(frame / 5));

for (const { path, skip } of models) {
  test(`frames of one shot are more alike than frames of two, by ${path}`, {
    skip: realData ? skip : 'no real clips',
  }, async () => {
    await using embedding = await plainModel(path);
    const clip = decodeWithFfmpeg(realFile('videos/bikes.mp4'), { fps: 5, width: 320, height: 180 });
    const { outputs } = await runSegmented(coreClip, clip, { models: { embedding } });
    const { embeddings } = outputs.embeddings as { embeddings: NdArray<'float32'> };
    const neighbours = cosinesOfNeighbours(embeddings);
    const across = neighbours.filter((_, at) => cuts.includes(at + 1));
    const within = neighbours.filter((_, at) => !cuts.includes(at + 1));
    assert.equal(across.length, cuts.length);
    assert.ok(mean(within) > Math.max(...across), `within ${within}; across ${across}`);
  });
}

function cosinesOfNeighbours({ data, shape }: NdArray<'float32'>): number[] {
  const [count = 0, size = 0] = shape;
  return Array.from({ length: count - 1 }, (_, row) => {
    const later = data.subarray((row + 1) * size, (row + 2) * size);
    return later.reduce((sum, value, at) => sum + value * data[row * size + at]!, 0);
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
