import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ModelServer } from '../../engine/io/models/model-server.ts';
import { modelsMirror, withoutModels } from '../../models/plain-model.ts';
import { tinyOnnx } from '../../models/tiny-onnx.ts';
import { ModelsRig, sha256Of, tinyEntry } from './models-rig.ts';

const tiny = Buffer.from(tinyOnnx());
const other = Buffer.from(tinyOnnx(2));

test('a model of the workspace is pulled from its publisher, listed, told of and removed', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content: tiny } });
  const file = { url: `${server.url}/tiny.onnx`, sha256: sha256Of(tiny), bytes: tiny.length };
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file }),
    'models/deep/twin.yaml': tinyEntry({ name: 'twin', file }),
  });
  const pulled = await rig.models(['pull', 'tiny']);
  assert.deepEqual([pulled.status, pulled.stdout], [0, `pulled  tiny:1  ${tiny.length} B\n`], pulled.stderr);
  assert.deepEqual(readFileSync(rig.stored(tiny)), tiny);

  const { stdout } = await rig.models(['list', '--task', 'brightening']);
  assert.match(
    stdout,
    /^MODEL +TASK +SIZE +WHERE +LICENCE\ntiny:1 +brightening +\d+ B +here +MIT\ntwin:1 .* here /,
  );

  const info = await rig.models(['info', 'tiny']);
  assert.match(info.stdout, /^model {6}tiny:1, for brightening\n/);
  assert.match(info.stdout, /\ncheck {6}the file has the inputs and outputs that its entry names\n/);

  const shared = await rig.models(['rm', 'tiny', '--yes']);
  assert.equal(shared.stdout, 'Removed nothing.\nStays:\n  tiny:1  tiny.onnx: it belongs to twin:1, too\n');
  const removed = await rig.json(['rm', 'tiny', 'twin', '--yes']);
  assert.deepEqual(removed.removed, [
    { sha256: sha256Of(tiny), bytes: tiny.length, models: ['tiny:1', 'twin:1'] },
  ]);
  assert.equal(existsSync(rig.stored(tiny)), false);
  const gone = await rig.models(['rm', 'tiny', 'scatter-embed', '--yes']);
  assert.equal(
    gone.stdout,
    `Removed nothing.
Stays:
  tiny:1  tiny.onnx: it is not in the store
  scatter-embed:1  scatter-embed.onnx: it lies beside its entry, not in the store
`,
  );
  const unused = await rig.models(['rm', '--unused', '--yes']);
  assert.equal(
    unused.stdout,
    'Removed nothing.\nThe store holds nothing that no entry of this workspace names.\n',
  );
});

test('what cannot be had is told, and the others are pulled all the same', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content: other } });
  const url = `${server.url}/tiny.onnx`;
  using rig = new ModelsRig({
    'models/good.yaml': tinyEntry({ name: 'good', file: { url, sha256: sha256Of(other) } }),
    'models/bad.yaml': tinyEntry({ name: 'bad', file: { url, sha256: sha256Of(tiny) } }),
  });
  const { status, stdout, stderr } = await rig.models(['pull', 'bad', 'good', '--json']);
  assert.equal(status, 1);
  const { models } = JSON.parse(stdout);
  assert.deepEqual(
    models.map(({ model, outcome, error }: Record<string, { code?: string }>) => [
      model,
      outcome,
      error?.code,
    ]),
    [
      ['bad:1', 'failed', 'model_digest_mismatch'],
      ['good:1', 'pulled', undefined],
    ],
  );
  assert.match(stderr, new RegExp(`expected sha256 ${sha256Of(tiny)}, found ${sha256Of(other)}`));
});

test('pull --offline asks no server, takes what is in a mirror folder, and tells what is missing', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content: tiny } });
  const file = { url: `${server.url}/tiny.onnx`, sha256: sha256Of(tiny) };
  using rig = new ModelsRig({ 'models/tiny.yaml': tinyEntry({ file }), 'mirror/tiny.onnx': tiny });
  const missing = await rig.models(['pull', 'tiny', '--offline']);
  assert.deepEqual([missing.status, missing.stdout, server.asked.length], [1, 'failed  tiny:1\n', 0]);
  assert.match(
    missing.stderr,
    /^model_not_found\n {2}Cannot find "tiny\.onnx" of the model tiny:1: it is not on this machine, and flow is offline\./,
  );
  const copied = await rig.models(['pull', 'tiny', '--offline'], { FLOW_MODELS_MIRROR: rig.path('mirror') });
  assert.deepEqual([copied.status, server.asked.length], [0, 0], copied.stderr);
});

test('a mirror that is not there is a mistake in a setting', async () => {
  using rig = new ModelsRig({ 'models/tiny.yaml': tinyEntry({ file: { sha256: sha256Of(tiny) } }) });
  const { status, stderr } = await rig.models(['pull', 'tiny'], { FLOW_MODELS_MIRROR: rig.path('nowhere') });
  assert.match(stderr, /^config_invalid|: config_invalid/m);
  assert.equal(status, 2);
});

test('a file without a digest is pinned at its first use, and what is fetched later has to be the same', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content: tiny } });
  using rig = new ModelsRig({ 'models/tiny.yaml': tinyEntry({ file: { url: `${server.url}/tiny.onnx` } }) });
  const unchecked = await rig.models(['lock', 'tiny', '--check']);
  assert.equal(unchecked.status, 1);
  assert.match(unchecked.stdout, /^models\.lock\.yaml lacks 1 digest:\n {2}tiny:1 {2}tiny\.onnx\n/);

  assert.equal((await rig.models(['pull', 'tiny'])).status, 0);
  const pin = { sha256: sha256Of(tiny), bytes: tiny.length };
  assert.deepEqual(parse(rig.read('models.lock.yaml')).models, { 'tiny:1': { 'tiny.onnx': pin } });
  assert.equal((await rig.models(['lock', 'tiny', '--check'])).status, 0);

  await rig.models(['rm', 'tiny', '--yes']);
  server.files.set('/tiny.onnx', { content: Buffer.concat([tiny, Buffer.of(0)]) });
  const longer = await rig.models(['pull', 'tiny']);
  assert.equal(longer.status, 1);
  assert.match(longer.stderr, /model_digest_mismatch/);

  server.files.set('/tiny.onnx', { content: other });
  const renewed = await rig.json(['lock', 'tiny', '--renew']);
  assert.deepEqual(renewed.pinned, [{ model: 'tiny:1', files: ['tiny.onnx'] }]);
  assert.equal(parse(rig.read('models.lock.yaml')).models['tiny:1']['tiny.onnx'].sha256, sha256Of(other));
});

test('a file beside its entry without a digest is pinned at its first use', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { path: 'tiny.onnx' } }),
    'models/tiny.onnx': tiny,
  });
  const unchecked = await rig.models(['lock', 'tiny', '--check']);
  assert.deepEqual(
    [unchecked.status, unchecked.stdout.split('\n')[0]],
    [1, 'models.lock.yaml lacks 1 digest:'],
  );
  assert.equal((await rig.models(['pull', 'tiny'])).status, 0);
  const pin = { sha256: sha256Of(tiny), bytes: tiny.length };
  assert.deepEqual(parse(rig.read('models.lock.yaml')).models, { 'tiny:1': { 'tiny.onnx': pin } });

  rig.write('models/tiny.onnx', other);
  const changed = await rig.models(['pull', 'tiny']);
  assert.equal(changed.status, 1);
  assert.match(
    changed.stderr,
    /models\/tiny\.onnx: model_digest_mismatch[\s\S]*`flow models lock tiny:1 --renew` takes the new one/,
  );
  assert.equal((await rig.models(['lock', 'tiny', '--renew'])).status, 0);
  assert.equal((await rig.models(['pull', 'tiny'])).status, 0);
});

test('a size that a file does not have is told by info and by pull, whatever the lock says', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { path: 'tiny.onnx' } }),
    'models/tiny.onnx': tiny,
  });
  await rig.models(['lock', 'tiny']);
  rig.write('models/tiny.yaml', tinyEntry({ file: { path: 'tiny.onnx', bytes: 5 } }));
  const fault = `models/tiny.onnx: Cannot use "tiny.onnx" as a file of the model tiny:1: expected 5 bytes, found ${tiny.length} bytes. Its digest is right: correct "bytes" in its entry models/tiny.yaml.`;
  const { models } = await rig.json(['info', 'tiny']);
  assert.deepEqual([models![0]!.where, models![0]!.fault], ['damaged', fault]);
  const pulled = await rig.models(['pull', 'tiny']);
  assert.equal(pulled.status, 1);
  assert.match(pulled.stderr, /expected 5 bytes/);
});

test('processes that pin at once do not lose what the others have pinned', async () => {
  const names = ['a', 'b', 'c', 'd'];
  await using server = await ModelServer.start(
    Object.fromEntries(names.map((name, index) => [`/${name}`, { content: Buffer.from(tinyOnnx(index)) }])),
  );
  using rig = new ModelsRig(
    Object.fromEntries(
      names.map((name) => [
        `models/${name}.yaml`,
        tinyEntry({ name, file: { url: `${server.url}/${name}` } }),
      ]),
    ),
  );
  const runs = await Promise.all(names.map((name) => rig.models(['pull', name])));
  assert.deepEqual(
    runs.map(({ status }) => status),
    [0, 0, 0, 0],
  );
  assert.deepEqual(Object.keys(parse(rig.read('models.lock.yaml')).models), ['a:1', 'b:1', 'c:1', 'd:1']);
});

test('a damaged file is found by verify, and replaced with --repair', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { sha256: sha256Of(tiny) } }),
    'mirror/some-name': tiny,
  });
  const mirror = { FLOW_MODELS_MIRROR: rig.path('mirror') };
  await rig.models(['pull', 'tiny'], mirror);
  assert.match((await rig.models(['verify'])).stdout, /^Read \d+ files?, .*: all are whole\.\n/);
  chmodSync(rig.stored(tiny), 0o644);
  writeFileSync(rig.stored(tiny), other);

  const refused = await rig.models(['pull', 'tiny'], mirror);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /model_digest_mismatch[\s\S]*flow models verify --repair/);

  const info = await rig.json(['info', 'tiny']);
  const { fault } = info.models![0]!;
  assert.match(String(fault), new RegExp(`store/sha256/../${sha256Of(tiny)}: .*found ${sha256Of(other)}`));

  const found = await rig.models(['verify', 'tiny']);
  assert.equal(found.status, 1);
  assert.match(found.stdout, new RegExp(`expected ${sha256Of(tiny)}, found ${sha256Of(other)}`));
  const repaired = await rig.models(['verify', '--repair'], mirror);
  assert.equal(repaired.status, 0, repaired.stderr);
  assert.match(repaired.stdout, /pulled again/);
  assert.deepEqual(readFileSync(rig.stored(tiny)), tiny);
});

test('verify tells what it has not read', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { sha256: sha256Of(tiny) } }),
    'models/open.yaml': tinyEntry({ name: 'open', file: { name: 'open.onnx', path: 'open.onnx' } }),
    'models/open.onnx': other,
  });
  const { status, stdout } = await rig.models(['verify', 'tiny', 'open']);
  assert.deepEqual(
    [status, stdout],
    [
      0,
      `There is nothing to verify.
Not read:
  tiny:1  tiny.onnx: it is not here
  open:1  open.onnx: its digest is not known yet; \`flow models lock open:1\` notes it
`,
    ],
  );
  await rig.models(['lock', 'open']);
  const verified = await rig.models(['verify', 'tiny', 'open']);
  assert.match(
    verified.stdout,
    /^Read 1 file, \d+ B: all are whole\.\nNot read:\n {2}tiny:1 {2}tiny\.onnx: it is not here\n$/,
  );
  assert.match((await rig.models(['verify'])).stdout, /^Read \d+ files, .*: all are whole\.\n$/);
});

test('a file of one’s own becomes a model by `add`, with an entry to be completed', async () => {
  using rig = new ModelsRig({
    'Tiny Net.onnx': tiny,
    'profiles/default.yaml': 'schema_version: 1\nname: default\n',
  });
  const added = await rig.models(['add', 'Tiny Net.onnx', '--task', 'image-embedding']);
  assert.equal(added.status, 2); // The file's name cannot stand in an entry.
  assert.match(added.stderr, /"Tiny Net\.onnx" is not the name of a file/);

  rig.write('tiny.onnx', tiny);
  const good = await rig.models([
    'add',
    'tiny.onnx',
    '--task',
    'image-embedding',
    '--name',
    'mine:2',
    '--licence',
    'MIT',
  ]);
  assert.equal(good.status, 0, good.stderr);
  const entry = parse(rig.read('models/mine-2.yaml'));
  assert.deepEqual(entry.files, [{ name: 'tiny.onnx', sha256: sha256Of(tiny), bytes: tiny.length }]);
  const { picture, ...tensor } = entry.inputs[0];
  assert.deepEqual(tensor, { name: 'picture', dtype: 'float32', shape: ['N', 3, 8, 8] });
  assert.deepEqual([picture.width, picture.height, picture.layout, picture.mean.length], [8, 8, 'nchw', 3]);

  rig.remove('tiny.onnx');
  const { models } = await rig.json(['info', 'mine']);
  assert.deepEqual([models![0]!.where, models![0]!.fault], ['here', null]);
  const again = await rig.models(['add', 'Tiny Net.onnx', '--task', 'image-embedding', '--name', 'mine:2']);
  assert.equal(again.status, 2);
});

const addLikeTiny = ['add', 'mine.onnx', '--task', 'brightening', '--like', 'tiny'];

test('a model that is made like a known one takes over how pictures are made and outputs read', async () => {
  const entry = `${tinyEntry({ file: { sha256: sha256Of(other) } })}decoder: { name: some, params: { low: 0.5 } }\nclasses: [cat, dog]\nprecision: fp16\n`;
  using rig = new ModelsRig({
    'models/tiny.yaml': entry.replace('width: 8', 'width: 8\n      colour: bgr'),
    'mine.onnx': tiny,
  });
  const { status, stderr } = await rig.models(addLikeTiny);
  assert.equal(status, 0, stderr);
  const { inputs, decoder, classes, precision } = parse(rig.read('models/mine-1.yaml'));
  assert.equal(inputs[0].picture.colour, 'bgr');
  assert.deepEqual(decoder, { name: 'some', params: { low: 0.5 } });
  assert.deepEqual(classes, ['cat', 'dog']);
  assert.equal(precision, 'fp16');

  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['--task', 'brightning'],
      /^--task: config_invalid\n.*for "brightning": no entry is for this task\.\n {2}Fix: Write "brightening"\. .*--new-task/,
    ],
    [
      ['--task', 'brightening'],
      /^mine\.onnx: config_invalid\n {2}Cannot add mine:1: models\/mine-1\.yaml has this name/,
    ],
    [
      ['--task', 'brightening', '--name', 'own', '--url', 'ftp://example.org/mine.onnx'],
      /^--url: config_invalid\n.*"ftp:.*" is not an address that begins with http:\/\/ or https:\/\//,
    ],
    [
      ['--task', 'brightening', '--name', 'tiny'],
      /^--name: config_invalid\n {2}Cannot add tiny:1: models\/tiny\.yaml/,
    ],
  ];
  for (const [flags, message] of refusals) {
    const refused = await rig.models(['add', 'mine.onnx', ...flags]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, message);
  }
  const own = await rig.models(['add', 'mine.onnx', '--task', 'darkening', '--new-task', '--name', 'own']);
  assert.equal(own.status, 0, own.stderr);

  const wrongTask = await rig.models([
    'add',
    'mine.onnx',
    '--task',
    'depth',
    '--name',
    'x',
    '--like',
    'tiny',
  ]);
  assert.equal(wrongTask.status, 2);
  assert.match(wrongTask.stderr, /Cannot make a model for depth like tiny:1: that one is for brightening\./);
});

test('a model is not made like one whose outputs it does not have', async () => {
  const entry = tinyEntry({ file: { sha256: sha256Of(other) } });
  const outputs = /outputs:[\s\S]*/;
  using rig = new ModelsRig({ 'mine.onnx': tiny });
  for (const [written, message] of [
    [
      '{ name: darker, dtype: float32, shape: [N] }',
      /expected the output "darker" to be float32 \[N\], found "brighter"/,
    ],
    [
      '{ name: brighter, dtype: int64, shape: [N, 3, 8, 8] }',
      /to be int64 \[N, 3, 8, 8\], found float32 \[N, 3, 8, 8\]/,
    ],
    [
      '{ name: brighter, dtype: float32, shape: [N, 192] }',
      /to be float32 \[N, 192\], found float32 \[N, 3, 8, 8\]/,
    ],
  ] as const) {
    rig.write('models/tiny.yaml', entry.replace(outputs, `outputs: [${written}]\n`));
    const { status, stderr } = await rig.models(addLikeTiny);
    assert.equal(status, 2);
    assert.match(stderr, /^--like: config_invalid\n {2}Cannot read this file as tiny:1 is read: /);
    assert.match(stderr, message);
  }
  assert.deepEqual(
    [existsSync(rig.path('models/mine-1.yaml')), existsSync(rig.stored(tiny))],
    [false, false],
  );
});

test('add and info tell of the decoder that a model for the task needs', async () => {
  using rig = new ModelsRig({ 'mine.onnx': tiny });
  const { stdout } = await rig.models(['add', 'mine.onnx', '--task', 'object-detection']);
  assert.match(
    stdout,
    /\nIt cannot be used without a decoder, .* object-detection .*: known models name fastestdet, motion-regions, yolox\.\n/,
  );
  const plain = rig.read('models/mine-1.yaml');
  for (const [more, fault] of [
    [
      '',
      /^models\/mine-1\.yaml:\d+:\d+: .*names no decoder\. Name one of these .*: yolox, fastestdet, motion-regions\.$/,
    ],
    ['decoder: { name: yolo }\n', /there is no decoder "yolo" for it\. Write "yolox"\.$/],
    ['decoder: { name: yolox, params: { score: 1, nms_iou: 0.5 } }\n', /"score" is not a key/],
    ['decoder: { name: yolox, params: { score_threshold: 0.3, nms_iou: 0.5 } }\n', /^null$/],
  ] as const) {
    rig.write('models/mine-1.yaml', `${plain}${more}`);
    const { models } = await rig.json(['info', 'mine']);
    assert.match(String(models![0]!.fault), fault);
  }
  const embedding = await rig.models(['add', 'mine.onnx', '--task', 'image-embedding', '--name', 'own']);
  assert.doesNotMatch(embedding.stdout, /decoder/);
});

test('what is no model is not added', async () => {
  using rig = new ModelsRig({ 'broken.onnx': tiny.subarray(0, 50) });
  const { status, stderr } = await rig.models(['add', 'broken.onnx', '--task', 'depth']);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^broken\.onnx: model_io_mismatch\n {2}Cannot use this file as a model: it is no ONNX file/,
  );
  assert.equal(existsSync(rig.path('models')), false);
});

test('a file that has other tensors than its entry names is told by info', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { path: 'tiny.onnx' } }).replace('brighter', 'darker'),
    'models/tiny.onnx': tiny,
  });
  const { stdout } = await rig.models(['info', 'tiny']);
  assert.match(stdout, /where {6}bundled: models\/tiny\.onnx\n/);
  assert.match(stdout, /check {6}its entry has the output "darker", the model has "brighter"\n/);
});

test('entries that are wrong are told with their places', async () => {
  using rig = new ModelsRig({
    'models/a.yaml': tinyEntry(),
    'models/b.yaml': tinyEntry(),
  });
  const twice = await rig.models(['list']);
  assert.equal(twice.status, 2);
  assert.match(
    twice.stderr,
    /^models\/b\.yaml:2:7: config_invalid\n {2}Cannot tell two entries apart: both are of the model tiny:1\. See models\/a\.yaml:2:1\./,
  );
  rig.remove('models/b.yaml');
  rig.replace('models/a.yaml', 'licence: MIT', 'license: MIT');
  const misspelt = await rig.models(['info', 'tiny']);
  assert.equal(misspelt.status, 2);
  assert.match(misspelt.stderr, /^models\/a\.yaml:5:1: config_invalid\n[\s\S]*Fix: Write "licence"\./);

  const unknown = await rig.models(['info', 'tinny']);
  assert.match(
    unknown.stderr,
    /Cannot find the model "tinny": no entry has this name\.\n {2}Fix: Write "tiny"\./,
  );
});

test('only what no entry of the workspace names is unused, and nothing goes unasked', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { sha256: sha256Of(tiny) } }),
    'models/old.yaml': tinyEntry({ name: 'old', file: { sha256: sha256Of(other) } }),
    'mirror/1': tiny,
    'mirror/2': other,
  });
  await rig.models(['pull', 'tiny', 'old'], { FLOW_MODELS_MIRROR: rig.path('mirror') });
  rig.remove('models/old.yaml');
  const asked = await rig.models(['rm', '--unused']);
  assert.equal(asked.status, 2);
  assert.match(asked.stderr, /other workspaces share the store, and nobody can be asked/);
  const { removed } = await rig.json(['rm', '--unused', '--yes']);
  assert.deepEqual(removed, [{ sha256: sha256Of(other), bytes: other.length, models: [] }]);
  assert.deepEqual([existsSync(rig.stored(tiny)), existsSync(rig.stored(other))], [true, false]);
});

test('pull fetches what the profile names, and tells where it names what is not there', async () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { sha256: sha256Of(tiny) } }),
    'mirror/tiny.onnx': tiny,
    'profiles/default.yaml':
      'schema_version: 1\nname: default\nmodels:\n  some: { model: tiny, version: "1" }\n',
  });
  const { stdout } = await rig.models(['pull'], { FLOW_MODELS_MIRROR: rig.path('mirror') });
  assert.match(stdout, /^pulled {2}tiny:1 /);
  rig.replace('profiles/default.yaml', 'model: tiny', 'model: tyni');
  const wrong = await rig.models(['pull']);
  assert.equal(wrong.status, 2);
  assert.match(
    wrong.stderr,
    /^profiles\/default\.yaml:4:18: config_invalid\n {2}Cannot find the model "tyni:1"/,
  );
});

test('the entries that come with flow fit the files that they name', { skip: withoutModels }, async () => {
  using rig = new ModelsRig();
  const mirror = { FLOW_MODELS_MIRROR: modelsMirror };
  const listed = await rig.json(['list'], mirror);
  const there = listed.models!.filter(({ where }) => where === 'mirror').map(({ name }) => String(name));
  assert.ok(there.includes('yunet'), there.join());
  const pulled = await rig.models(['pull', ...there], mirror);
  assert.equal(pulled.status, 0, pulled.stderr);
  for (const name of ['yunet', 'yolox-nano']) {
    const { models } = await rig.json(['info', name]);
    assert.deepEqual([models![0]!.where, models![0]!.fault], ['here', null]);
  }
});
