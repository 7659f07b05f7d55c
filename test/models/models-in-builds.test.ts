import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { readMeta } from '../../engine/core/artifact-meta.ts';
import { readNpz } from '../../engine/core/npz.ts';
import { likelyDevices } from '../../engine/io/inference/devices.ts';
import { type BuildRun, Rig } from '../rig.ts';
import { profile, type TinyEntry, timesModel, tinyEntry, tinyFiles, twoOfFilm } from './tiny-model.ts';

const all = ['//...'];

function scores(rig: Rig): number[] {
  return [...(readNpz(readFileSync(rig.path('out/scored/scores.npz')))['values']!.data as Float32Array)];
}

function signature(rig: Rig): string | null {
  return readMeta(readFileSync(rig.path('out/scored/scores.npz'))).model_signature;
}

function fault({ summary }: BuildRun): string | undefined {
  return summary.errors[0]?.code;
}

test('a model that a workspace brings along is run, and the artifact says which one it was', async () => {
  using rig = new Rig(tinyFiles());
  const run = await rig.build(all);
  assert.deepEqual([run.summary.status, run.ran], ['success', ['copied', 'other', 'scored']]);
  assert.deepEqual(scores(rig), [10, 20, 30]);
  const meta = readMeta(readFileSync(rig.path('out/scored/scores.npz')));
  assert.match(meta.model_signature!, /^ms1-[0-9a-f]{64}$/);
  assert.deepEqual([meta.precision, meta.device], ['fp32', 'cpu']);
  assert.match(meta.engine!, /^onnxruntime@\d+\.\d+$/);
  const [used] = meta.models_used as {
    slot: string;
    name: string;
    version: string;
    weights_digest: string;
  }[];
  assert.deepEqual([used!.slot, used!.name, used!.version], ['scorer', 'times', '1']);
  assert.match(used!.weights_digest, /^b3:/);
  assert.ok(run.events.some((event) => event.type === 'batch_finished' && event.model === 'times:1'));
});

test('a new version runs its component and what that reaches, and nothing else; the old one is a hit', async () => {
  const better = timesModel(100);
  using rig = new Rig({
    ...tinyFiles(),
    'models/better.yaml': tinyEntry(better, { version: '2', file: 'better.onnx' }),
    'models/better.onnx': better,
  });
  await rig.build(all);
  const before = signature(rig);
  rig.replace('profiles/tiny.yaml', 'version: "1"', 'version: "2"');
  assert.deepEqual((await rig.build(all)).ran, ['copied', 'scored']);
  assert.deepEqual(scores(rig), [100, 200, 300]);
  assert.notEqual(signature(rig), before);
  const why = (await rig.flow(['why', '//scored'])).stdout;
  assert.match(why, /model of `scorer`: version "?1"? → "?2"?/);
  rig.replace('profiles/tiny.yaml', 'version: "2"', 'version: "1"');
  assert.deepEqual((await rig.build(all)).ran, []);
  assert.equal(signature(rig), before);
});

test('the same weights in a file of another name are the same model', async () => {
  using rig = new Rig(tinyFiles());
  await rig.build(all);
  rig.remove('models/times.onnx');
  rig.write('models/renamed.onnx', timesModel(10));
  rig.write('models/times.yaml', tinyEntry(timesModel(10), { file: 'renamed.onnx' }));
  assert.deepEqual((await rig.build(all)).ran, []);
});

for (const [what, options] of [
  ['pre-processing', { more: 'max_batch: 16\n' }],
  ['decoder', { more: 'decoder: { name: own, params: { threshold: 0.5 } }\n' }],
] as const satisfies readonly [string, TinyEntry][])
  test(`a change of an entry's ${what} ${what === 'decoder' ? 'makes another model' : 'that changes no result changes no key'}`, async () => {
    using rig = new Rig(tinyFiles());
    await rig.build(all);
    rig.write('models/times.yaml', tinyEntry(timesModel(10), options));
    assert.deepEqual((await rig.build(all)).ran, what === 'decoder' ? ['scored'] : []);
  });

test('weights that have changed on disk under their name are refused, and nothing is stored', async () => {
  using rig = new Rig(tinyFiles());
  rig.write('models/times.onnx', timesModel(11));
  const run = await rig.build(all);
  assert.deepEqual([run.status, fault(run)], [1, 'model_digest_mismatch']);
  rig.write('models/times.onnx', timesModel(10));
  assert.equal((await rig.build(all)).summary.status, 'success');
  assert.deepEqual(scores(rig), [10, 20, 30]);
});

test('a model that cannot be had is an error where it is required, and skips what can be done without', async () => {
  const url = 'http://127.0.0.1:9/times.onnx'; // Nobody listens there.
  const files = { ...tinyFiles(), 'models/times.yaml': tinyEntry(timesModel(10), { url }) };
  using rig = new Rig(files);
  const run = await rig.build(all);
  assert.deepEqual([run.status, fault(run)], [1, 'model_fetch_failed']);
  rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1" }', { isRequired: false }));
  const optional = await rig.build(all);
  assert.deepEqual([optional.status, optional.summary.status], [0, 'success']);
  const skipped = optional.events.flatMap((event) =>
    event.type === 'component_finished' && event.status === 'skipped' ? [event.component] : [],
  );
  assert.deepEqual(skipped.sort(), ['copied', 'scored']);
  const warnings = optional.events.filter(({ type }) => type === 'warning');
  assert.equal(warnings.length, 1, JSON.stringify(warnings));
});

const hasCuda = likelyDevices().includes('cuda');

for (const { what, spoil, code, skip = false } of [
  {
    what: 'weights that have changed',
    spoil: (rig: Rig) => rig.write('models/times.onnx', timesModel(11)),
    code: 'model_digest_mismatch',
  },
  {
    what: 'weights that are missing',
    spoil: (rig: Rig) => rig.remove('models/times.onnx'),
    code: 'model_not_found',
  },
  {
    what: 'a device that is not here',
    spoil: (rig: Rig) =>
      rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1", device: cuda }')),
    code: 'dependency_missing',
    skip: hasCuda,
  },
])
  test(`${what} stop what needs them before it begins, but neither --keep-going nor what has been made already`, {
    skip,
  }, async () => {
    using rig = new Rig(tinyFiles());
    spoil(rig);
    const run = await rig.build(all);
    assert.deepEqual([run.status, fault(run)], [1, code]);
    assert.ok(run.events.every((event) => event.type !== 'action_started' || event.component === 'other'));
    const { ran } = await rig.build(['//...', '--keep-going']);
    assert.deepEqual([...run.ran, ...ran], ['other']); // One of them did it.
    rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1" }'));
    rig.write('models/times.onnx', timesModel(10));
    await rig.build(all);
    if (code === 'model_not_found') spoil(rig); // For another device there is another key, and other weights are told below.
    assert.deepEqual([(await rig.build(all)).summary.status, scores(rig)], ['success', [10, 20, 30]]);
  });

test('what a model reaches is refused under the names that were asked for, and the rest is built', async () => {
  using rig = new Rig(tinyFiles());
  rig.remove('models/times.onnx');
  const run = await rig.build(['//other', '//copied']);
  assert.deepEqual([run.status, run.ran], [1, ['other']]);
  assert.deepEqual(
    run.summary.runs.map((one) => [one.target, one.status, one.error?.code]),
    [
      ['', 'success', undefined],
      ['//copied', 'error', 'model_not_found'],
    ],
  );
});

test('a film that lacks two models is refused once', async () => {
  using rig = new Rig({ ...tinyFiles(), 'clip.mp4': '1 2 3\n', ...twoOfFilm });
  rig.remove('models/times.onnx');
  const run = await rig.build(['run:clip.mp4', '--stage', 'all']);
  assert.deepEqual(
    [run.summary.runs.map(({ target }) => target), run.summary.errors.map(({ code }) => code)],
    [['run:clip.mp4'], ['model_not_found']],
  );
});

test('a model that is missing stops nothing that may come to what is cached, and what never ran at once', async () => {
  const prepared = (command: string): string => `schema_version: 1
components:
  prep: { rule: exec, inputs: { source: file:in.txt }, params: { command: [sh, -c, "${command}"], outputs: { text: out.txt } } }
  scored: { rule: score, inputs: { source: prep.text } }
`;
  using rig = new Rig({ ...tinyFiles(), 'graphs/tiny.yaml': prepared('cp in/source.txt out.txt') });
  rig.replace('profiles/tiny.yaml', ', copied: { required: false }', '');
  rig.replace('rules/score.ts', 'array, defineRule, file,', 'array, bytes, defineRule,');
  rig.replace('rules/score.ts', 'input(file())', 'input(bytes())');
  rig.replace('rules/score.ts', 'inputs.source.read()', 'inputs.source');
  rig.remove('models/times.onnx');
  const first = await rig.build(all);
  assert.deepEqual([first.status, fault(first), first.ran], [1, 'model_not_found', ['prep']]);

  rig.write('models/times.onnx', timesModel(10));
  await rig.build(all);
  rig.remove('models/times.onnx');
  rig.write('graphs/tiny.yaml', prepared('cat in/source.txt > out.txt'));
  const same = await rig.build(all);
  assert.deepEqual([same.status, same.ran, same.summary.actions.cached], [0, ['prep'], 1]);

  rig.write('in.txt', '4 5 6\n');
  assert.equal(fault(await rig.build(['//scored'])), 'model_not_found');
});

test('a device is not tried for what is cached', { skip: hasCuda }, async () => {
  using rig = new Rig(tinyFiles());
  rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1", device: cuda }'));
  rig.replace(
    'rules/score.ts',
    /* as if a GPU had run it */ 'const { y } = await models.scorer.infer(',
    'const { x: y } = (',
  );
  assert.equal((await rig.build([...all, '--keep-going'])).summary.status, 'success');
  assert.equal((await rig.build(all)).summary.status, 'success');
  const found = join(rig.cacheDir, 'devices.json');
  assert.equal(existsSync(found), false);
  rig.write('in.txt', '4 5 6\n');
  assert.equal(fault(await rig.build(all)), 'dependency_missing');
  assert.equal(existsSync(found), true);
});

for (const isPinned of [true, false])
  test(`weights ${isPinned ? 'of a known digest' : 'that the lock has pinned'} cannot be replaced under their name, also where all is cached`, async () => {
    using rig = new Rig({ ...tinyFiles(), 'models/times.yaml': tinyEntry(timesModel(10), { isPinned }) });
    for (const _ of ['writes the lock', 'is remembered']) await rig.flow(['build', ...all]);
    assert.match((await rig.flow(['build', ...all])).stdout, /^up to date/);

    rig.write('models/times.onnx', timesModel(11));
    const { status, stderr } = await rig.flow(['build', ...all]);
    assert.equal(status, 1);
    assert.match(stderr, /models\/times\.onnx: model_digest_mismatch/);
    const run = await rig.build([...all, '--keep-going']);
    assert.deepEqual(
      run.summary.runs.map((one) => [one.target, one.error?.code]),
      [
        ['', undefined],
        ['//scored', 'model_digest_mismatch'],
        ['//copied', 'model_digest_mismatch'],
      ],
    );
    assert.equal((await rig.build(['//other'])).summary.status, 'success');

    rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1" }', { isRequired: false }));
    const optional = await rig.build(all);
    assert.deepEqual([optional.status, optional.ran], [0, []]);
    assert.match(optional.stderr, /scored is skipped: Cannot use "times\.onnx"[\s\S]*expected/);

    rig.write('models/times.onnx', timesModel(10));
    assert.deepEqual([(await rig.build(all)).status, scores(rig)], [0, [10, 20, 30]]);
  });

test('a damaged model that nothing needs refuses nothing, and one that can be done without is skipped', async () => {
  const damaged = `${tinyEntry(timesModel(10), { isPinned: false })}`.replace('onnx }', 'onnx, bytes: 1 }');
  using rig = new Rig({ ...tinyFiles(), 'models/times.yaml': damaged });
  const models = profile('scored: { model: times, version: "1" }', { isRequired: false });
  rig.write('profiles/tiny.yaml', models);
  const optional = await rig.build(all);
  assert.deepEqual([optional.status, optional.ran], [0, ['other']]);
  assert.match(optional.stderr, /scored is skipped: Cannot use "times\.onnx"[\s\S]*expected 1 bytes/);
  rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1" }'));
  const required = await rig.flow(['build', ...all]);
  assert.equal(required.status, 1);
  assert.match(
    required.stderr,
    /tiny\.yaml:4:\d+: model_digest_mismatch\n {2}Cannot run "scored", which is required: .*expected 1 bytes/,
  );

  rig.write('profiles/tiny.yaml', models.replace('required: false }', 'enabled: false }'));
  const disabled = await rig.build(['//other']);
  assert.deepEqual([disabled.status, disabled.summary.status], [0, 'success']);
});

test('what a profile says wrongly of models is told in its place, before anything is built', async () => {
  using rig = new Rig(tinyFiles());
  const wrong: readonly [string, RegExp][] = [
    [
      'scored: { model: tims, version: "1" }',
      /tiny\.yaml:5:\d+: config_invalid[\s\S]*no entry has this name[\s\S]*Write "times:1"/,
    ],
    [
      'scored: { model: times, version: "1" }\n  scored.scorer: { model: times, version: "1", device: cpu }',
      /tiny\.yaml:6:3: config_invalid[\s\S]*"scored" is for the same slot\. See profiles\/tiny\.yaml:5:\d+[\s\S]*Write "scored"/,
    ],
    ['scored: { model: times, version: "7" }', /no entry has this name and version/],
    ['scored.scorr: { model: times, version: "1" }', /no such slot[\s\S]*Write "scored\.scorer"/],
    [
      'other: { model: times, version: "1" }\n  scored: { model: times, version: "1" }',
      /works with no model/,
    ],
    ['scored: { model: times, version: "1", device: gpu }', /device[\s\S]*Write "cuda" or "webgpu"/],
    ['scored: { model: scatter-embed, version: "1" }', /it is for image-embedding, and scoring is wanted/],
    ['{}', /names no model for its slot "scorer"/],
  ];
  for (const [models, message] of wrong) {
    rig.write('profiles/tiny.yaml', profile(models));
    const { status, stderr } = await rig.flow(['build', ...all]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
});

test('a model that is to lie beside its entry, and does not, is told with what to do', async () => {
  const isPinned = [true, false];
  for (const one of isPinned) {
    using rig = new Rig({
      ...tinyFiles(),
      'models/times.yaml': tinyEntry(timesModel(10), { isPinned: one }),
    });
    rig.remove('models/times.onnx');
    const { stderr } = await rig.flow(['build', ...all]);
    assert.match(stderr, /there is no models\/times\.onnx, where its entry says that it is\./);
    assert.match(stderr, /Fix: Bring the file back, or correct "path" in the entry;/);
  }
});

for (const [what, content, why] of [
  ['empty', new Uint8Array(), 'the file is empty'],
  ['cut off', timesModel(10).subarray(0, 60), 'it is no ONNX file, or not a whole one'],
] as const)
  test(`a model whose file is ${what} is told in the words of \`flow models add\``, async () => {
    using rig = new Rig({ ...tinyFiles(content), 'bad.onnx': content });
    const added = await rig.flow(['models', 'add', 'bad.onnx', '--task', 'scoring']);
    assert.match(
      added.stderr,
      new RegExp(`^bad\\.onnx: model_io_mismatch\\n  Cannot use this file as a model: ${why}\\.`),
    );
    const run = await rig.build(all);
    assert.equal(fault(run), 'model_io_mismatch');
    assert.match(
      run.stderr,
      new RegExp(
        `models/times\\.onnx: model_io_mismatch\\n  Cannot use this file as the model "times:1": ${why}\\.`,
      ),
    );
  });

test('a precision is what the entry says: a profile need not repeat it, and cannot say another one', async () => {
  using rig = new Rig({
    ...tinyFiles(),
    'models/times.yaml': tinyEntry(timesModel(10), { more: 'precision: fp16\n' }),
  });
  await rig.build(all);
  assert.equal(readMeta(readFileSync(rig.path('out/scored/scores.npz'))).precision, 'fp16');
  rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1", precision: int8 }'));
  const { status, stderr } = await rig.flow(['build', ...all]);
  assert.equal(status, 2);
  assert.match(stderr, /tiny\.yaml:5:\d+: config_invalid\n.*as int8: its entry says that it is fp16/);

  rig.write('models/times.yaml', tinyEntry(timesModel(10)));
  assert.match((await rig.flow(['build', ...all])).stderr, /its entry says no precision, which means fp32/);
  rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1", precision: fp8 }'));
  assert.match(
    (await rig.flow(['build', ...all])).stderr,
    /tiny\.yaml:5:\d+: config_invalid\n.*Write "fp32"/s,
  );
});

test('a model that takes other inputs than its component gives is told where the profile names it', async () => {
  using rig = new Rig(tinyFiles());
  rig.replace('rules/score.ts', "task: 'scoring'", "task: 'scoring', takes: 'sound'");
  const refused = async (): Promise<string> => {
    const { status, stderr } = await rig.flow(['build', ...all]);
    assert.equal(status, 2, stderr);
    return stderr;
  };
  assert.match(
    await refused(),
    /tiny\.yaml:5:\d+: config_invalid\n.*for "scored": the entry of its input "x" has no "sound"\. See models\/times\.yaml:9:/,
  );
  rig.replace('models/times.yaml', 'inputs: [', 'inputs: [{ name: state, dtype: float32, shape: [1] }, ');
  assert.match(await refused(), /for "scored": it has 2 inputs, and one of sound is given/);
});

test('what cannot be read is told with the decoders of the task', async () => {
  using rig = new Rig({
    'flow.yaml': 'schema_version: 1\nprofile: mine\n',
    'profiles/mine.yaml':
      'schema_version: 1\nname: mine\nextends: builtin:default\nmodels: { core_object_detections: { model: times, version: "1" } }\n',
    'models/times.yaml': tinyEntry(timesModel(10), { task: 'object-detection' }),
    'clip.mp4': '',
  });
  const { stderr } = await rig.flow(['plan', 'run:clip.mp4']);
  assert.match(stderr, /Name one of these under "decoder": yolox, fastestdet, motion-regions\./);
});

test('a decoder that nobody knows, or that takes other params, is told in the entry before anything is built', async () => {
  using rig = new Rig(tinyFiles());
  rig.replace(
    'rules/score.ts',
    "{ task: 'scoring' }",
    "{ task: 'scoring', decoders: new Map([['own', { params: z.strictObject({ threshold: z.number() }) }]]) }",
  );
  for (const [more, message] of [
    ['', /models\/times\.yaml:4:\d+: config_invalid[\s\S]*names no decoder[\s\S]*under "decoder": own/],
    [
      'decoder: { name: onw }\n',
      /models\/times\.yaml:11:\d+: config_invalid[\s\S]*no decoder "onw"[\s\S]*Write "own"/,
    ],
    ['decoder: { name: own, params: { treshold: 1 } }\n', /config_invalid[\s\S]*Write "threshold"/],
    [
      'decoder: { name: own, params: { threshold: high } }\n',
      /config_invalid[\s\S]*"decoder.params.threshold"/,
    ],
  ] as const) {
    rig.write('models/times.yaml', tinyEntry(timesModel(10), { more }));
    for (const isRequired of [true, false]) {
      rig.write('profiles/tiny.yaml', profile('scored: { model: times, version: "1" }', { isRequired }));
      const { status, stderr } = await rig.flow(['build', ...all]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
  }
});

test('a model without a published digest is pinned at its first use, and something else under its name is refused', async () => {
  using mirror = new Rig({ 'times.onnx': timesModel(10) });
  const entry = tinyEntry(timesModel(10), { url: 'http://127.0.0.1:9/times.onnx', isPinned: false });
  using rig = new Rig({ ...tinyFiles(), 'models/times.yaml': entry });
  const env = { FLOW_MODELS_MIRROR: mirror.root };
  assert.equal((await rig.build(all, env)).summary.status, 'success');
  assert.match(rig.read('models.lock.yaml'), /times:1/);
  mirror.write('times.onnx', timesModel(11));
  const elsewhere = { ...env, FLOW_CACHE_DIR: `${rig.cacheDir}-2` };
  const run = await rig.build(all, elsewhere);
  assert.equal(run.status, 1);
  assert.match(String(fault(run)), /^model_(digest_mismatch|fetch_failed)$/);
});

test('weights that are noted anew are built with, though the lock was first written by a build', async () => {
  using rig = new Rig({
    ...tinyFiles(),
    'models/times.yaml': tinyEntry(timesModel(10), { isPinned: false }),
  });
  assert.equal((await rig.flow(['build', ...all])).status, 0);
  const before = rig.read('out/scored/scores.npz');
  rig.write('models/times.onnx', timesModel(11));
  const noted = await rig.flow(['models', 'lock', 'times', '--renew']);
  assert.equal(noted.status, 0, noted.stderr);
  assert.equal((await rig.flow(['build', ...all])).status, 0);
  assert.notEqual(rig.read('out/scored/scores.npz'), before);
});
