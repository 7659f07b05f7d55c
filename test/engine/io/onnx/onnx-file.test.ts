import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FlowError } from '../../../../engine/core/errors.ts';
import { readOnnx, writeOnnx } from '../../../../engine/io/onnx/onnx-file.ts';
import { fieldsOf, message, messages } from '../../../../engine/io/onnx/onnx-messages.ts';
import { modelsMirror, withoutModels } from '../../../models/plain-model.ts';
import { tinyOnnx } from '../../../models/tiny-onnx.ts';

test('a published model that is read and written again has the same bytes', { skip: withoutModels }, () => {
  const names = readdirSync(modelsMirror).filter((name) => name.endsWith('.onnx'));
  assert.ok(names.length > 0);
  for (const name of names) {
    const published = readFileSync(join(modelsMirror, name));
    assert.ok(published.equals(writeOnnx(readOnnx(published))), name);
  }
});

test('a 64-bit number keeps all its bits, and a zero that is there is not an absent one', () => {
  const model = readOnnx(tinyOnnx());
  const [node] = model.graph!.node;
  const extremes = [2n ** 63n - 1n, -(2n ** 63n), -1n, 0n, 1n, 2n ** 32n, -(2n ** 32n)];
  node!.attribute = [message('AttributeProto', { name: 'axis', i: 0n, ints: extremes })];
  const [read] = readOnnx(writeOnnx(model)).graph!.node[0]!.attribute;
  assert.deepEqual([read!.i, read!.f, read!.ints], [0n, undefined, extremes]);
});

test('fields of a later version of the format are kept', () => {
  const model = readOnnx(tinyOnnx());
  const field = Uint8Array.of(0xfa, 0x3e, 3, 7, 8, 9); // Number 1007, three bytes.
  const bytes = writeOnnx({ ...model, unknownFields: [field] });
  assert.deepEqual(Buffer.from(writeOnnx(readOnnx(bytes))), Buffer.from(bytes));
});

test('no message numbers two fields alike', () => {
  for (const name of Object.keys(messages) as (keyof typeof messages)[]) {
    const numbers = fieldsOf(name).map(([, [number]]) => number);
    assert.equal(new Set(numbers).size, numbers.length, name);
  }
});

test('what is not an ONNX model, or only the beginning of one, is refused', () => {
  const whole = tinyOnnx();
  const bad = {
    nothing: new Uint8Array(0),
    text: new TextEncoder().encode('version https://git-lfs.github.com/spec/v1'),
    beginning: whole.subarray(0, whole.length - 3),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    assert.throws(
      () => readOnnx(bytes, 'a.onnx'),
      (error) => error instanceof FlowError && error.code === 'input_unreadable' && error.where === 'a.onnx',
      what,
    );
  }
});
