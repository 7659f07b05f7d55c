import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetOf, type Profile, parseProfile } from '../../../engine/core/profile.ts';

/** @param layers the eldest first */
function merged(...layers: readonly Readonly<Record<string, unknown>>[]): Profile {
  const parsed = parseProfile(
    layers.map((layer, index) => ({
      file: `${index}.yaml`,
      value: { schema_version: 1, name: `p${index}`, ...layer },
    })),
  );
  assert.ok('profile' in parsed, JSON.stringify(parsed));
  return parsed.profile;
}

test('a profile that says nothing has the defaults', () => {
  const profile = merged({});
  assert.deepEqual(profile.analysis, { fps: 4, width: 320, height: 180 });
  assert.deepEqual(profile.failure, { graceSec: 30, retries: 2 });
  assert.equal(profile.samplingPolicyVersion, '1');
});

test('a child changes what it names and leaves the rest of its parent', () => {
  const profile = merged(
    {
      analysis: { fps: 2, width: 640 },
      components: { a: { params: { x: 1, y: [1, 2] } }, b: { enabled: false } },
    },
    { analysis: { fps: 8 }, components: { a: { required: false, params: { y: [3] } } } },
  );
  assert.deepEqual(profile.analysis, { fps: 8, width: 640, height: 180 });
  assert.deepEqual(profile.components.a?.params, { x: 1, y: [3] });
  assert.equal(profile.components.a?.isRequired, false);
  assert.equal(profile.components.b?.isEnabled, false);
  assert.equal(profile.name, 'p1');
});

test('a row of a model that names none changes the one it inherits; one that names another begins anew', () => {
  const parent = {
    models: {
      a: { model: 'one', version: '1', precision: 'int8', device: 'cpu' },
      b: { model: 'two', version: '1', precision: 'int8' },
      c: { model: 'three', version: '1' },
    },
  };
  const child = {
    models: { a: { engine: 'triton' }, b: { model: 'other', version: '2' }, c: { version: '2' } },
  };
  assert.deepEqual(merged(parent, child).models, {
    a: { model: 'one', version: '1', engine: 'triton', precision: 'int8', device: 'cpu' },
    b: { model: 'other', version: '2', engine: 'onnx', device: 'auto' },
    c: { model: 'three', version: '2', engine: 'onnx', device: 'auto' },
  });
});

test('a row that names no model, and inherits none, is refused where it stands', () => {
  const value = { schema_version: 1, name: 'p', models: { a: { engine: 'triton' } } };
  const parsed = parseProfile([{ file: 'p.yaml', value }]);
  assert.ok('issues' in parsed);
  assert.deepEqual(
    parsed.issues.map(({ file, path, message }) => [
      file,
      path.join('.'),
      /"\w+" is missing/.exec(message)?.[0],
    ]),
    [
      ['p.yaml', 'models.a', '"model" is missing'],
      ['p.yaml', 'models.a', '"version" is missing'],
    ],
  );
});

test('a component has its own budget over that of the profile', () => {
  const profile = merged({
    analysis: { fps: 2 },
    components: { a: { sampling: { fps: 'keyframes', max_frames: 5 } } },
  });
  assert.deepEqual(budgetOf(profile, 'a'), { fps: 'keyframes', width: 320, height: 180, maxFrames: 5 });
  assert.equal(budgetOf(profile, 'b').fps, 2);
});

test('resources may be written with units', () => {
  const profile = merged({
    resources: { a: { memory_per_task: '1.5GiB', cpu_cores_per_task: 2 }, b: { memory_per_task: '512MiB' } },
  });
  assert.deepEqual(profile.resources, { a: { cores: 2, memoryMiB: 1536 }, b: { memoryMiB: 512 } });
});

test('every unknown key and wrong value is told, each at its place', () => {
  const parsed = parseProfile([
    {
      file: 'p.yaml',
      value: {
        schema_version: 1,
        name: 'p',
        analisys: {},
        failure: { retries: 99 },
        resources: { a: { memory_per_task: 'much' } },
      },
    },
  ]);
  assert.ok('issues' in parsed);
  const places = parsed.issues.map(({ path }) => path.join('.')).sort();
  assert.deepEqual(places, ['analisys', 'failure.retries', 'resources.a.memory_per_task']);
  assert.match(parsed.issues.find(({ path }) => path[0] === 'analisys')!.fix, /analysis/);
});
