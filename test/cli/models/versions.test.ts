import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { likelyDevices } from '../../../engine/io/inference/devices.ts';
import { GraphBuilder } from '../../../engine/io/onnx/graph-builder.ts';
import { readOnnx, writeOnnx } from '../../../engine/io/onnx/onnx-file.ts';
import { makeFilm } from '../../make-film.ts';
import { tinyOnnx } from '../../models/tiny-onnx.ts';
import { ModelsRig, sha256Of, tinyEntry } from './models-rig.ts';

interface Comparison {
  readonly outputs: Readonly<Record<string, { readonly items: number; readonly minCosine: number }>>;
  readonly boxes: Readonly<Record<string, { readonly expected: number }>>;
  readonly shown: string;
}

function operators(rig: ModelsRig, file: string): Set<string> {
  return new Set(readOnnx(readFileSync(rig.path(file))).graph!.node.map(({ op_type }) => op_type!));
}

test('a quantized version is made, compared, named by a profile, and run: the manifest tells it', async () => {
  using rig = new ModelsRig();
  makeFilm(rig.path('film.mp4'), { seconds: 2 });
  const args = [
    'quantize',
    'scatter-embed',
    '--static',
    '--per-channel',
    '--calibrate',
    'film.mp4',
    '--frames',
    '4',
  ];
  const made = await rig.json(args);
  const [comparison, entry] = [
    made['comparison'] as Comparison,
    parse(rig.read('models/scatter-embed-1-int8.yaml')),
  ];
  assert.equal(made['model'], 'scatter-embed:1-int8');
  assert.deepEqual([comparison.shown, comparison.outputs['embedding']!.items], ['films', 2]);
  assert.ok(comparison.outputs['embedding']!.minCosine > 0.9, JSON.stringify(comparison.outputs));
  assert.ok(operators(rig, 'models/scatter-embed-1-int8.onnx').has('QuantizeLinear'));

  const bytes = readFileSync(rig.path('models/scatter-embed-1-int8.onnx'));
  assert.deepEqual([made['sha256'], entry.files[0].sha256], [sha256Of(bytes), sha256Of(bytes)]);
  const { sha256, ...from } = entry.made_from;
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(from, {
    model: 'scatter-embed',
    version: '1',
    by: 'flow models quantize --static --per-channel --calibrate film.mp4 --frames 4',
  });

  rig.write(
    'profiles/default.yaml',
    `schema_version: 1
name: default
extends: without-models
components: { core_clip: { enabled: true } }
models: { core_clip: { model: scatter-embed, version: 1-int8 } }
`,
  );
  const run = await rig.build(['run:film.mp4//core_clip']);
  assert.equal(run.summary.status, 'success', run.stderr);
  const component = rig.manifest(run).components.find(({ name }) => name === 'core_clip')!;
  const [used] = component.models_used as { version: string; precision: string }[];
  assert.deepEqual([used!.version, used!.precision], ['1-int8', 'int8']);
  assert.match(component.model_signature!, /^ms1-[0-9a-f]{64}$/);
});

test('an optimized, a 16-bit and a dynamic version say what made them, and agree with the original', async () => {
  using rig = new ModelsRig();
  const ways: readonly (readonly [string, readonly string[], number])[] = [
    ['1-opt-basic', ['optimize'], 0.9999999],
    ['1-fp16', ['convert-fp16'], 0.999],
    ['1-int8-dynamic', ['quantize', '--dynamic'], 0.99],
  ];
  for (const [version, [command, ...flags], least] of ways) {
    const made = await rig.json([command!, 'scatter-embed:1', ...flags]);
    assert.equal(made['model'], `scatter-embed:${version}`);
    const { outputs, shown } = made['comparison'] as Comparison;
    assert.equal(shown, 'noise');
    assert.ok(outputs['embedding']!.minCosine >= least, `${version}: ${outputs['embedding']!.minCosine}`);
    const { made_from } = parse(rig.read(`models/scatter-embed-${version}.yaml`));
    assert.ok(made_from.by.startsWith(['flow models', command, ...flags].join(' ')), made_from.by);
  }
  assert.ok(operators(rig, 'models/scatter-embed-1-int8-dynamic.onnx').has('ConvInteger'));

  const again = await rig.json(['quantize', 'scatter-embed:1', '--dynamic', '--as', 'again']);
  const same = readFileSync(rig.path('models/scatter-embed-1-int8-dynamic.onnx'));
  assert.equal(again['sha256'], sha256Of(same));

  const pair = ['scatter-embed:1', 'scatter-embed:1-int8-dynamic'];
  const compared = await rig.models(['compare', ...pair, '--min-cosine', '1']);
  assert.equal(compared.status, 1, compared.stderr);
  assert.match(compared.stdout, /^MODEL +SIZE +OF THE FIRST[\s\S]*\nembedding +1 +0\.99/);

  const bench = await rig.json(['bench', ...pair, '--seconds', '0.05']);
  const measured = bench.models as readonly { model: string; one: { itemsPerSec: number }; loadMs: number }[];
  assert.deepEqual(
    measured.map(({ model }) => model),
    pair,
  );
  for (const { one, loadMs } of measured) assert.ok(one.itemsPerSec > 0 && loadMs > 0);
});

test('detectors are compared by what they find', async () => {
  using rig = new ModelsRig();
  makeFilm(rig.path('film.mp4'), { seconds: 1 });
  const compared = await rig.json([
    ...['compare', 'motion-objects', 'motion-objects'],
    ...['--frames', 'film.mp4', '--count', '3'],
  ]);
  const { outputs, boxes } = compared as unknown as Comparison;
  assert.equal(outputs['motion']!.items, 3);
  assert.ok(boxes['detections']!.expected > 0);
  const { expected, ...agreement } = boxes['detections']!;
  assert.deepEqual(agreement, { found: expected, recall: 1, precision: 1, meanIou: 1 });
});

function quantizedModel(): Uint8Array {
  const graph = new GraphBuilder('small');
  const shape = ['N', 3, 8, 8];
  const inputs = [graph.input('picture', shape)];
  const quantized = graph.nodes({ op: 'DynamicQuantizeLinear', inputs, attributes: {}, outputs: 3 });
  graph.output('brighter', graph.node('DequantizeLinear', quantized), shape);
  return writeOnnx(graph.model({ producer: 'a test', description: '' }));
}

test('what cannot be made is told, and nothing is left behind', async () => {
  const tiny = Buffer.from(tinyOnnx());
  const junk = tiny.subarray(0, 60);
  const old = new GraphBuilder('old');
  const weights = old.constant(new Float32Array(9).fill(1), [3, 3, 1, 1]);
  const made = old.node('Softmax', [old.node('Conv', [old.input('picture', ['N', 3, 8, 8]), weights])]);
  old.output('brighter', made, ['N', 3, 8, 8]);
  const model = old.model({ producer: 'a test', description: '' });
  model.opset_import[0]!.version = 11n;
  const aged = writeOnnx(model);
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry({ file: { path: 'tiny.onnx' } }),
    'models/tiny.onnx': tiny,
    'models/junk.yaml': tinyEntry({ name: 'junk', file: { path: 'junk.onnx' } }),
    'models/junk.onnx': junk,
    'models/aged.yaml': tinyEntry({ name: 'aged', file: { path: 'aged.onnx' } }),
    'models/aged.onnx': aged,
    'models/small.yaml': tinyEntry({ name: 'small', file: { path: 'small.onnx' } }),
    'models/small.onnx': quantizedModel(),
  });
  makeFilm(rig.path('film.mp4'), { seconds: 1 });
  const seen = ['--calibrate', 'film.mp4', '--through', 'core_clip'];
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['quantize', 'tiny'], 2, /give --dynamic or --static, and not both/],
    [['optimize', 'tiny', '--as', 'a/b'], 2, /"a\/b" is not a version: letters/],
    [['quantize', 'tiny', '--static'], 2, /no frames are given from which the ranges could be seen/],
    [['quantize', 'tiny', '--dynamic', '--as', '1'], 2, /Cannot make tiny:1: there is an entry of this name/],
    [['quantize', 'aged', '--static', '--per-channel', ...seen], 1, /in which Softmax means something else/],
    [
      ['quantize', 'aged', '--static', '--calibrate', 'film.mp4'],
      2,
      /no component of the graph takes models for brightening/,
    ],
    [
      ['quantize', 'aged', '--static', '--calibrate', 'none.mp4', '--through', 'core_clip'],
      1,
      /Cannot read "none\.mp4": there is no such file/,
    ],
    [
      ['quantize', 'tiny', '--static', '--as', '1', '--calibrate', 'none.mp4'],
      1,
      /there is an entry of this name[\s\S]*Cannot read "none\.mp4": there is no such file/,
    ],
    [['compare', 'tiny', 'yunet'], 2, /one is for brightening, the other for face-detection/],
    [
      ['convert-fp16', 'small'],
      1,
      /Cannot convert the model to fp16: it is quantized \(DynamicQuantizeLinear\)/,
    ],
    [['convert-fp16', 'junk'], 1, /Cannot use this file as a model: it is no ONNX file/],
  ];
  const runs = await Promise.all(cases.map(([args]) => rig.models(args)));
  for (const [at, [args, status, message]] of cases.entries()) {
    assert.equal(runs[at]!.status, status, `${args.join(' ')}: ${runs[at]!.stderr}`);
    assert.match(runs[at]!.stderr, message);
  }
  const { models } = await rig.json(['list', '--task', 'brightening']);
  assert.deepEqual(
    models!.map(({ name, version }) => `${name}:${version}`),
    ['aged:1', 'junk:1', 'small:1', 'tiny:1'],
  );
});

const hasCuda = likelyDevices().includes('cuda');

test('a device that is not here is told of where it was named, and nothing else is written', {
  skip: hasCuda,
}, async () => {
  using rig = new ModelsRig();
  const { status, stderr } = await rig.models(['bench', 'scatter-embed', '--device', 'cuda']);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^--device: dependency_missing\n {2}Cannot run .* on cuda: .*\n {2}Fix: Leave out --device/,
  );
});
