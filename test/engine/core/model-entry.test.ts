import assert from 'node:assert/strict';
import test from 'node:test';
import { parseModelEntry } from '../../../engine/core/model-entry.ts';

function faultsOf(picture: Readonly<Record<string, unknown>>): string[] {
  const read = parseModelEntry('m.yaml', {
    schema_version: 1,
    name: 'm',
    version: '1',
    task: 'depth',
    licence: 'MIT',
    source: 'this test',
    files: [{ name: 'm.onnx' }],
    inputs: [
      { name: 'x', dtype: 'float32', shape: ['N', 3, 4, 4], picture: { width: 4, height: 4, ...picture } },
    ],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 4, 4] }],
  });
  return 'issues' in read ? read.issues.map(({ message }) => message) : [];
}

test('a picture has one mean and one deviation for each channel', () => {
  assert.match(faultsOf({ mean: [127] }).join(), /one number a channel/);
  assert.match(faultsOf({ std: [1, 2] }).join(), /one number a channel/);
  assert.deepEqual(faultsOf({ mean: [127], std: [128], colour: 'luma' }), []);
  assert.deepEqual(faultsOf({}), []);
});
