/** `flow inspect`, as a user sees it: of our own files, of NumPy's, and of what is neither. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { writeNpz } from '../../engine/core/npz.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';

const meta = {
  component: 'cuts',
  status: 'empty',
  empty_reason: 'no audio',
  params: { threshold: 0.4, window: 5 },
  rule_digest: `b3:${'0'.repeat(64)}`,
  model_signature: null,
};

const ours = writeNpz({
  meta: { dtype: 'unicode', shape: [], data: [JSON.stringify(meta)] },
  energy: vector('float32', [0, 1, 2, Number.NaN, 4, 5, 6, 3]),
  times_sec: vector('float64', [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
  tempo_bpm: scalar('float64', 120.5),
  types: { dtype: 'unicode', shape: [2], data: ['hard', 'line\n\x1b[31mred'] },
});

const noNumpy =
  spawnSync('python3', ['-c', 'import numpy']).status !== 0 &&
  'python3 with NumPy is not installed on this machine';

describe('flow inspect', () => {
  let rig: Rig;
  const server = new FlowServer();

  before(() => {
    rig = new Rig({ 'ours.npz': ours });
  });
  after(() => {
    server.stop();
    rig[Symbol.dispose]();
  });

  function flow(
    args: readonly string[],
    env: Readonly<Record<string, string>> = { NO_COLOR: '1' },
  ): Promise<FlowRun> {
    return server.flow({ args, cwd: rig.root, env: { FLOW_CACHE_DIR: rig.cacheDir, ...env } });
  }

  async function inspect(word: string): Promise<string> {
    const { status, stdout, stderr } = await flow(['inspect', word]);
    assert.equal(status, 0, stderr);
    assert.ok(
      stdout.split('\n').every((line) => line.length <= 80),
      `a line is longer than the terminal:\n${stdout}`,
    );
    return stdout;
  }

  async function documentOf(word: string): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await flow(['inspect', word, '--json']);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async function refuse(word: string, status: number, pattern: RegExp): Promise<void> {
    const run = await flow(['inspect', word]);
    assert.match(run.stderr, pattern);
    assert.match(run.stderr, /^ {2}Fix: /m);
    assert.doesNotMatch(run.stderr, /^\s+at |\binternal\b/m);
    assert.equal(run.status, status, run.stderr);
  }

  function numpy(script: string): void {
    const run = spawnSync('python3', ['-c', `import numpy as np\n${script}`], {
      cwd: rig.root,
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
  }

  test('a file of ours is told with its meta, and each array with its figures and its course', async () => {
    const text = await inspect('ours.npz');
    assert.match(text, /^ {2}component +cuts$/m);
    assert.match(text, /^ {2}params +threshold=0.4, window=5$/m);
    assert.match(text, /^ {2}empty_reason +no audio$/m);
    assert.match(text, /^ {2}energy +float32 +\[8\] +32 B +0 +6 +3 +2 +1 {2}▁▂▃ ▆▇█▅$/m);
    assert.match(text, /^ {2}tempo_bpm +float64 +\[\]/m);
    assert.doesNotMatch(text, /model_signature/);
    assert.ok(!text.includes('\x1b'), 'no colours without a terminal');
  });

  test('of one array quantiles, values, course with times, and histogram are told', async () => {
    const text = await inspect('ours.npz:energy');
    assert.match(text, /min +1 % .* 99 % +max/);
    assert.match(text, /mean 3 +std 2 +NaN 1/);
    assert.match(text, /all {4}0 1 2 NaN 4 5 6 3/);
    assert.match(text, /0 s … 3.5 s/);
    assert.match(text, /█/);
  });

  test('a part of an array is that of Python', async () => {
    assert.deepEqual((await documentOf('ours.npz:times_sec[-3:]')).values, [2.5, 3, 3.5]);
    assert.deepEqual((await documentOf('ours.npz:times_sec[1:3]')).values, [0.5, 1]);
    assert.deepEqual((await documentOf('ours.npz:times_sec[2]')).shape, []);
    await refuse(
      'ours.npz:times_sec[8]',
      2,
      /Cannot take the part "\[8\]": the first axis has a length of 8/,
    );
    await refuse('ours.npz:times_sec[a]', 2, /that is no part of an array/);
  });

  test('the JSON has every number, and words for what JSON has none', async () => {
    const { meta: told, arrays } = (await documentOf('ours.npz')) as {
      meta: unknown;
      arrays: { name: string }[];
    };
    assert.deepEqual(told, meta);
    assert.deepEqual(arrays[0], {
      name: 'energy',
      dtype: 'float32',
      shape: [8],
      size_bytes: 32,
      count: 8,
      nan_count: 1,
      infinite_count: 0,
      min: 0,
      max: 6,
      mean: 3,
      std: 2,
    });
    assert.deepEqual((await documentOf('ours.npz:energy')).values, [0, 1, 2, 'NaN', 4, 5, 6, 3]);
  });

  test('text of a file cannot move the cursor', async () => {
    assert.match(await inspect('ours.npz:types'), /line\\n\\x1b\[31mred/);
  });

  test("NumPy's other files are read: compressed, Fortran, big endian, half, 64-bit integers, bytes, .npy", {
    skip: noNumpy,
  }, async () => {
    numpy(`
a = np.arange(6).reshape(2, 3)
np.savez_compressed('theirs.npz', fortran=np.asfortranarray(a.astype('f4')), big=a.astype('>f8'), half=a.astype('f2'),
  long=np.array([2**62, 1]), unsigned=np.array([2**64 - 1], 'u8'), flags=np.array([True, False]), raw=np.array([b'ab', b'c']),
  short=a.astype('>i2'), scalar=np.float64(3), deep=np.zeros((2, 2, 2, 2), 'i1'))
np.save('one.npy', a)`);
    const values = async (word: string): Promise<unknown> => (await documentOf(word)).values;
    for (const name of ['fortran', 'big', 'half', 'short'])
      assert.deepEqual(await values(`theirs.npz:${name}`), [0, 1, 2, 3, 4, 5], name);
    assert.deepEqual(await values('theirs.npz:long'), [String(2n ** 62n), 1]);
    assert.deepEqual(await values('theirs.npz:unsigned'), [String(2n ** 64n - 1n)]);
    assert.deepEqual(await values('theirs.npz:flags'), [1, 0]);
    assert.deepEqual(await values('theirs.npz:raw'), ['ab', 'c']);
    assert.deepEqual(await values('one.npy:one[1]'), [3, 4, 5]);
    await inspect('theirs.npz');
  });

  test('two axes are a map and frames a picture: in shades, or in colours', async () => {
    const frames = new Uint8Array(2 * 4 * 6 * 3).fill(255, 0, 36);
    rig.write(
      'pictures.npz',
      writeNpz({
        frames: { dtype: 'uint8', shape: [2, 4, 6, 3], data: frames },
        map: { dtype: 'float32', shape: [4, 2], data: Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3) },
      }),
    );
    const text = await inspect('pictures.npz');
    assert.match(text, /first frame\n {2}██████\n/);
    assert.match(text, /to the right\n {3}░▓█\n/);
    const { stdout } = await rig.flow(['inspect', 'pictures.npz:frames'], { NO_COLOR: '', FORCE_COLOR: '3' });
    assert.ok(stdout.includes('\x1b[48;2;255;255;255m\x1b[38;2;255;255;255m▀'), stdout);
    assert.ok(stdout.includes('\x1b[48;2;0;0;0m'), stdout);
    const { stdout: fewer } = await rig.flow(['inspect', 'pictures.npz:frames'], {
      NO_COLOR: '',
      FORCE_COLOR: '2',
    });
    assert.ok(fewer.includes('\x1b[48;5;231m\x1b[38;5;231m▀'), fewer);
  });

  test('JSON is told in short, a manifest with a hint, a folder with its files', async () => {
    rig.write('out/list.json', JSON.stringify({ list: Array.from({ length: 50 }, (_, index) => index) }));
    rig.write('out/manifest.json', '{"schema_version":1}');
    assert.match(await inspect('out/list.json'), /38 more items/);
    assert.match((await flow(['inspect', 'out/manifest.json'])).stderr, /`flow show out\/manifest.json`/);
    assert.match(await inspect('out'), /2 files.*\n\n.*SIZE {2}FILE\n.* out\/list.json\n/);
  });

  test('an unknown array is told with the nearest one', () =>
    refuse('ours.npz:enrgy', 2, /no array of this name.\n {2}Fix: Write "energy"/));

  test('what is missing or no file of arrays is refused', async () => {
    rig.write('text.npz', 'just text');
    rig.write('page.html', '<p>');
    rig.write('broken.json', '{');
    rig.write('empty.npz', '');
    await refuse('nothing.npz', 1, /Cannot read "nothing.npz": there is no such place/);
    await refuse('text.npz', 1, /not a zip archive/);
    await refuse('empty.npz', 1, /not a zip archive/);
    await refuse('page.html', 1, /neither arrays nor JSON/);
    await refuse('broken.json', 1, /not JSON/);
  });

  test('a file that is cut off anywhere is refused', async () => {
    for (const share of [0.05, 0.3, 0.6, 0.99]) {
      rig.write('cut.npz', ours.slice(0, Math.floor(ours.length * share)));
      await refuse('cut.npz', 1, /Cannot read "cut.npz": it is cut off/);
    }
  });

  test('a changed byte is found', async () => {
    const damaged = new Uint8Array(ours);
    damaged[200]! ^= 1;
    rig.write('damaged.npz', damaged);
    await refuse('damaged.npz', 1, /is damaged: it has another checksum/);
  });

  test('pickled objects are not opened; the other arrays are told all the same', {
    skip: noNumpy,
  }, async () => {
    numpy(`np.savez('objects.npz', objects=np.array([{}], dtype=object), good=np.arange(3.0))`);
    const run = await flow(['inspect', 'objects.npz']);
    assert.match(run.stdout, /^ {2}good +float64/m);
    assert.match(run.stderr, /Cannot read array "objects": .* Python objects/);
    assert.equal(run.status, 1);
    await refuse('objects.npz:objects', 1, /could run code/);
  });

  test('an archive that claims more than it holds, or more than the memory, is refused at once', {
    skip: noNumpy,
  }, async () => {
    numpy(`
import io, struct, zipfile
def bomb(name, size):
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a.npy', b'\\0' * 5_000_000)
    raw = bytearray(data.getvalue())
    at = raw.rindex(b'PK\\x01\\x02') + 24
    raw[at:at + 4] = struct.pack('<I', size)
    open(name, 'wb').write(raw)
bomb('huge.npz', 0xfffffff0)
bomb('small.npz', 1000)
header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }".ljust(117) + b'\\n'
open('shape.npy', 'wb').write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(header)) + header)
header = header.replace(b'<f8', b'<U0')
open('width.npy', 'wb').write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(header)) + header)`);
    await refuse('huge.npz:a', 1, /more than 1 GiB/);
    await refuse('small.npz:a', 1, /more than the archive says/);
    await refuse('shape.npy', 1, /cut off/);
    await refuse('width.npy', 1, /without letters/);
  });
});
