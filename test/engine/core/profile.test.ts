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
