import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ModelThread } from '../../../engine/cli/model-versions/running-model.ts';
import { GraphBuilder } from '../../../engine/io/onnx/graph-builder.ts';
import { writeOnnx } from '../../../engine/io/onnx/onnx-file.ts';
import { fakeEntry, numbers, valuesOf } from '../../engine/io/inference/fake-models.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a version that gives NaN is refused where versions are compared and timed', async () => {
  const graph = new GraphBuilder('root');
  graph.output('y', graph.node('Sqrt', [graph.input('x', ['N', 1])]), ['N', 1]);
  const path = join(folder, 'root.onnx');
  writeFileSync(path, writeOnnx(graph.model({ producer: 'a test', description: 'square root' })));
  await using thread = new ModelThread();
  const run = await thread.load(fakeEntry('root'), path);
  assert.deepEqual(valuesOf(await run(numbers(9))), [3]);
  await assert.rejects(run(numbers(-1)), { code: 'output_invalid' });
});
