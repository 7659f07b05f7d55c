import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspectOnnx } from '../../../../engine/io/models/inspect-onnx.ts';
import { tinyOnnx } from '../../../models/tiny-onnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-onnx-'));
after(() => rmSync(folder, { recursive: true }));

function written(content: Uint8Array | string): string {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, content);
  return path;
}

test('a file says which inputs and outputs its model has', async () => {
  assert.deepEqual(await inspectOnnx(written(tinyOnnx())), {
    inputs: [{ name: 'picture', dtype: 'float32', shape: ['N', 3, 8, 8] }],
    outputs: [{ name: 'brighter', dtype: 'float32', shape: ['N', 3, 8, 8] }],
  });
});

for (const [what, content, why] of [
  ['an empty file', '', /the file is empty/],
  ['a text', 'hello world\n', /it is no ONNX file, or not a whole one/],
  ['a file that was cut off', tinyOnnx().subarray(0, 60), /it is no ONNX file, or not a whole one/],
  [
    'a pointer of Git LFS',
    'version https://git-lfs.github.com/spec/v1\noid sha256:00\n',
    /a pointer of Git LFS/,
  ],
  ['a model without a graph', Uint8Array.of(0x08, 0x08), /it holds no graph/],
  ['a model of a later opset', tinyOnnx(1, { opset: 999n }), /ONNX Runtime says: .*opset 999/i],
] as const)
  test(`${what} is no model, and nothing breaks down over it`, async () => {
    const path = written(content);
    await assert.rejects(inspectOnnx(path), { code: 'model_io_mismatch', where: path, message: why });
  });

test('a file that is larger than ONNX files can be is not even read', async () => {
  const path = written('');
  truncateSync(path, 3 * 2 ** 30);
  await assert.rejects(inspectOnnx(path), { code: 'model_io_mismatch', message: /it has 3221225472 bytes/ });
});

test('a folder and a missing file are mistakes of whoever names them', async () => {
  await assert.rejects(inspectOnnx(folder), { code: 'config_invalid', message: /it is a folder/ });
  await assert.rejects(inspectOnnx(join(folder, 'none')), {
    code: 'config_invalid',
    message: /no such place/,
  });
});
