import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const place = new URL('../../../../engine/io/inference/quiet-ort.ts', import.meta.url);

for (const [what, model, provider] of [
  ['an empty file', '/dev/null', 'cpu'],
  ['a file that is not there', '/nowhere.onnx', 'cuda'],
] as const)
  test(`what ONNX Runtime says of ${what} is an error, and nothing that it writes itself`, async () => {
    const program = `import { ort } from '${place}';
      const options = { executionProviders: ['${provider}'] };
      await ort.InferenceSession.create('${model}', options).catch(() => console.log('refused'));`;
    const made = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    assert.deepEqual(made, { stdout: 'refused\n', stderr: '' });
  });
