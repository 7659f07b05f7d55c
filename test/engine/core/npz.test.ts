import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { array, type NdArray, scalar, vector } from '../../../engine/core/nd-array.ts';
import { type NpzArrays, readNpz, writeNpz } from '../../../engine/core/npz.ts';
import { seed } from '../../properties/seed.ts';

function text(strings: readonly string[], shape: readonly number[] = [strings.length]): NdArray<'unicode'> {
  return { dtype: 'unicode', shape, data: strings };
}

const examples: NpzArrays = {
  float32: array('float32', new Float32Array([0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -2]), [2, 3]),
  float64: vector('float64', [Math.PI, -1e-300, 5e-324]),
  int32: array('int32', new Int32Array([-(2 ** 31), 2 ** 31 - 1]), [1, 2, 1]),
  uint8: vector('uint8', [0, 128, 255]),
  bool: vector('bool', [1, 0, 1]),
  scalar: scalar('float64', 7),
  empty: array('float32', new Float32Array(), [0, 4]),
  words: text(['', 'plain', 'ünïcødé', '漢字', '🎬 film']),
  word: text(['{"a":1}'], []),
  no_words: text([]),
};

/** Plain values that `deepEqual` can hold against each other. */
function plain(arrays: NpzArrays): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape: [...shape], data: [...data] },
    ]),
  );
}

const skip =
  spawnSync('python3', ['-c', 'import numpy']).status !== 0 &&
  'python3 with NumPy is not installed on this machine';

/** Runs Python in a folder that holds some files. @returns its standard output, and a reader of the folder's files */
function python(
  files: Readonly<Record<string, Uint8Array>>,
  script: string,
): { out: string; made: (name: string) => Uint8Array } {
  const folder = mkdtempSync(join(tmpdir(), 'flow-npz-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const run = spawnSync('python3', ['-c', script], { cwd: folder, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const kept = new Map(
      [...script.matchAll(/'(\w+\.npz)'/g)].map(([, name]) => [name!, readFileSync(join(folder, name!))]),
    );
    return { out: run.stdout, made: (name) => kept.get(name)! };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what is written is read back the same', () => {
  assert.deepEqual(plain(readNpz(writeNpz(examples))), plain(examples));
});

test('the same arrays give the same bytes, whatever the order of their names', () => {
  const reversed = Object.fromEntries(Object.entries(examples).reverse());
  assert.deepEqual(Buffer.from(writeNpz(reversed)), Buffer.from(writeNpz(examples)));
});

test('numbers are read without a copy: every member begins at a multiple of 64 bytes', () => {
  const file = writeNpz(examples);
  for (const name of ['float32', 'float64', 'int32', 'uint8'] as const) {
    const { data } = readNpz(file)[name] as NdArray<'float32'>;
    assert.equal(data.buffer, file.buffer);
    assert.equal(data.byteOffset % 64, 0);
  }
});

test('NumPy reads our files with allow_pickle=False, and sees what we wrote', { skip }, () => {
  const { out } = python(
    { 'ours.npz': writeNpz(examples) },
    `
import json, numpy as np
with np.load('ours.npz', allow_pickle=False) as f:
    print(json.dumps({k: [f[k].dtype.str, list(f[k].shape), [repr(v) for v in f[k].ravel().tolist()]] for k in f.files}))
`,
  );
  assert.deepEqual(JSON.parse(out), {
    bool: ['|b1', [3], ['True', 'False', 'True']],
    empty: ['<f4', [0, 4], []],
    float32: ['<f4', [2, 3], ['0.0', '-0.0', '1.5', 'nan', 'inf', '-2.0']],
    float64: ['<f8', [3], ['3.141592653589793', '-1e-300', '5e-324']],
    int32: ['<i4', [1, 2, 1], ['-2147483648', '2147483647']],
    no_words: ['<U1', [0], []],
    scalar: ['<f8', [], ['7.0']],
    uint8: ['|u1', [3], ['0', '128', '255']],
    word: ['<U7', [], [`'{"a":1}'`]],
    words: ['<U7', [5], ["''", "'plain'", "'ünïcødé'", "'漢字'", "'🎬 film'"]],
  });
});

test('the zip tools of Python find nothing wrong with our files', { skip }, () => {
  const { out } = python(
    { 'ours.npz': writeNpz(examples) },
    `
import zipfile
with zipfile.ZipFile('ours.npz') as z:
    print(z.testzip(), [i.date_time for i in z.infolist() if i.date_time != (1980, 1, 1, 0, 0, 0)], [i.filename for i in z.infolist()] == sorted(i.filename for i in z.infolist()))
`,
  );
  assert.equal(out.trim(), 'None [] True');
});

test("we read the files of NumPy's own savez", { skip }, () => {
  const { made } = python(
    {},
    `
import numpy as np
np.savez('theirs.npz', float32=np.array([[0, -0.0, 1.5], [np.nan, np.inf, -2]], np.float32),
  float64=np.array([np.pi, -1e-300, 5e-324]), int32=np.array([[[-2**31], [2**31-1]]], np.int32),
  uint8=np.array([0, 128, 255], np.uint8), bool=np.array([True, False, True]), scalar=np.float64(7),
  empty=np.zeros((0, 4), np.float32), words=np.array(['', 'plain', 'ünïcødé', '漢字', '🎬 film']),
  word=np.array('{"a":1}'), no_words=np.array([], '<U1'))
`,
  );
  assert.deepEqual(plain(readNpz(made('theirs.npz'))), plain(examples));
});

test('what we do not read is refused with its name: compressed, Fortran order, other elements, objects', {
  skip,
}, () => {
  const { made } = python(
    {},
    `
import numpy as np
a = np.arange(6.0).reshape(2, 3)
np.savez_compressed('compressed.npz', a=a)
np.savez('fortran.npz', a=np.asfortranarray(a))
np.savez('half.npz', a=a.astype(np.float16))
np.savez('big.npz', a=a.astype('>f8'))
np.savez('object.npz', a=np.array([{}], dtype=object))
`,
  );
  for (const name of ['compressed', 'fortran', 'half', 'big', 'object'])
    assert.throws(() => readNpz(made(`${name}.npz`)), { name: 'TypeError', message: /^a\.npy / }, name);
});

const numbers = fc.constantFrom('float32', 'float64', 'int32', 'uint8').chain((dtype) =>
  fc
    .tuple(fc.array(fc.nat({ max: 4 }), { maxLength: 4 }), fc.infiniteStream(fc.nat({ max: 255 })))
    .map(([shape, stream]) => {
      const count = shape.reduce((product, length) => product * length, 1);
      const elements = Array.from({ length: count }, () => stream.next().value as number);
      return { ...vector(dtype, elements), shape } as NdArray;
    }),
);
// A NUL is what NumPy pads with, and a lone surrogate is no character.
const word = fc.string({ unit: 'grapheme', maxLength: 6 }).filter((string) => !string.includes('\0'));
const words = fc.array(word, { maxLength: 5 }).map((strings): NdArray => text(strings));
const named = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), fc.oneof(numbers, words), {
  maxKeys: 5,
});

test(`any arrays are read back the same, from any alignment (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(named, fc.nat({ max: 9 }), (arrays, shift) => {
      const file = writeNpz(arrays);
      const shifted = new Uint8Array(file.length + shift).subarray(shift);
      shifted.set(file);
      assert.deepEqual(plain(readNpz(shifted)), plain(arrays));
    }),
    { seed, numRuns: 200 },
  );
});

test(`a file that is cut anywhere is refused (FLOW_SEED=${seed})`, () => {
  const file = writeNpz(examples);
  fc.assert(
    fc.property(fc.nat({ max: file.length - 1 }), (length) => {
      assert.throws(() => readNpz(file.subarray(0, length)), TypeError);
    }),
    { seed, numRuns: 300 },
  );
});

test(`a file with changed bytes is read or refused, and breaks nothing (FLOW_SEED=${seed})`, () => {
  const file = new Uint8Array(writeNpz(examples));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      (changes) => {
        const changed = file.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          readNpz(changed);
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
        }
      },
    ),
    { seed, numRuns: 1000 },
  );
});
