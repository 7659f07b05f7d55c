import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { array, vector } from '../../../engine/core/nd-array.ts';
import { type NpzArrays, readNpz, writeNpz } from '../../../engine/core/npz.ts';
import { grown, sharedBytes, spaciousBytes } from '../../../engine/core/shared-bytes.ts';
import { seed } from '../../properties/seed.ts';

function filled(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + 7) & 0xff;
  return bytes;
}

/** Arrays of which one lies in memory of the test's choice, between others by name. */
function around(data: Uint8Array, before: number): NpzArrays {
  return {
    before: vector('int32', new Int32Array(before).fill(-5)),
    pictures: vector('uint8', data),
    times: vector('float64', [0.5, 1.5]),
  };
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.from(actual).equals(Buffer.from(expected)));
}

test(`an array in memory with room becomes its artifact where it lies, byte by byte as if it were copied (FLOW_SEED=${seed})`, () => {
  const lengths = fc.record({ length: fc.nat(300_000), before: fc.nat(10_000) });
  fc.assert(
    fc.property(lengths, ({ length, before }) => {
      const data = filled(spaciousBytes(length));
      const file = writeNpz(around(data, before));
      assert.equal(file.buffer, data.buffer);
      assertSame(file, writeNpz(around(filled(new Uint8Array(length)), before)));
      const read = readNpz(file);
      assert.equal(read.before!.data[0], before > 0 ? -5 : undefined);
    }),
    { seed, numRuns: 25 },
  );
});

test('memory gives its room to one artifact: the next is a copy and leaves the first as it is', () => {
  const data = filled(spaciousBytes(1000));
  const first = writeNpz({ pictures: vector('uint8', data) });
  const whole = first.slice();
  const second = writeNpz({ a_longer_name: vector('uint8', data), times: vector('float64', [1]) });
  assert.notEqual(second.buffer, first.buffer);
  assertSame(first, whole);
  assertSame(readNpz(second).a_longer_name!.data as Uint8Array, data);
});

test('an array that is a part of its memory is copied, since the rest may be another array', () => {
  for (const [start, end] of [
    [0, 900],
    [100, 1000],
  ]) {
    const data = filled(spaciousBytes(1000));
    const file = writeNpz({ part: vector('uint8', data.subarray(start, end)) });
    assert.notEqual(file.buffer, data.buffer);
    assertSame(data, filled(new Uint8Array(1000)));
  }
});

test('two arrays of one memory make an artifact of both', () => {
  const data = filled(spaciousBytes(1000));
  const file = writeNpz({ all: vector('uint8', data), half: vector('uint8', data.subarray(500)) });
  assertSame(readNpz(file).all!.data as Uint8Array, filled(new Uint8Array(1000)));
  assertSame(readNpz(file).half!.data as Uint8Array, filled(new Uint8Array(1000)).subarray(500));
});

test('where more stands before an array than there is room for, the array is copied', () => {
  const data = filled(spaciousBytes(1000));
  const file = writeNpz(around(data, 20_000));
  assert.notEqual(file.buffer, data.buffer);
  assertSame(file, writeNpz(around(filled(new Uint8Array(1000)), 20_000)));
});

test('memory that has grown keeps what was in it, and its artifact is made where it lies', () => {
  let bytes = spaciousBytes(0, 1 << 20);
  for (let length = 1 << 18; length <= 1 << 20; length += 1 << 18) {
    const start = bytes.length;
    bytes = grown(bytes, length);
    bytes.fill(length >> 18, start);
  }
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const file = writeNpz({ samples: array('float32', samples, [samples.length, 1]) });
  assert.equal(file.buffer, bytes.buffer);
  const read = readNpz(file).samples!.data as Float32Array;
  const firstOfEach = [0, 1, 2, 3].map((part) => new Uint8Array(read.buffer, read.byteOffset)[part << 18]);
  assert.deepEqual(firstOfEach, [1, 2, 3, 4]);
});

test('memory of any size is zero and is seen by whoever it is sent to', () => {
  for (const length of [0, 1, 64 * 1024 - 1, 64 * 1024, 3_000_001]) {
    const bytes = sharedBytes(length);
    assert.equal(bytes.length, length);
    assert.ok(bytes.every((byte) => byte === 0));
    const sent = structuredClone(bytes);
    bytes.fill(9);
    assert.ok(sent.every((byte) => byte === 9));
  }
});
