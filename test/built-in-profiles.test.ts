import assert from 'node:assert/strict';
import { globSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Rig } from './rig.ts';

const names = globSync('*.yaml', { cwd: join(import.meta.dirname, '../profiles') }).map((name) =>
  basename(name, '.yaml'),
);

for (const name of names)
  test(`the profile ${name} can be planned with`, async () => {
    using rig = new Rig({ 'flow.yaml': 'schema_version: 1\n' });
    writeFileSync(rig.path('clip.mp4'), '');
    const args = ['plan', 'run:clip.mp4', '--stage', 'baseline', '--profile', `builtin:${name}`];
    const { status, stderr, stdout } = await rig.flow(args);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^core_optical_flow /m);
  });

test('a row of a component that a built-in profile gives a model to changes that model', async () => {
  using rig = new Rig({
    'flow.yaml': 'schema_version: 1\n',
    'profiles/mine.yaml': `schema_version: 1
name: mine
extends: builtin:production
models: { core_face_landmarks: { model: yunett } }
`,
  });
  writeFileSync(rig.path('clip.mp4'), '');
  const { status, stderr } = await rig.flow(['plan', 'run:clip.mp4', '--profile', 'mine']);
  assert.equal(status, 2);
  assert.match(stderr, /mine\.yaml:4:\d+: config_invalid[\s\S]*"version" is missing/);
  rig.replace('profiles/mine.yaml', 'model: yunett', 'version: "2"');
  assert.match((await rig.flow(['plan', 'run:clip.mp4', '--profile', 'mine'])).stderr, /"yunet:2"/);
});

test('what a built-in profile runs on a server is not pulled', async () => {
  using rig = new Rig({ 'flow.yaml': 'schema_version: 1\n' });
  const args = ['models', 'pull', '--offline', '--json', '--profile', 'builtin:triton'];
  const { models } = JSON.parse((await rig.flow(args)).stdout) as { models: { model: string }[] };
  assert.deepEqual(
    models.map(({ model }) => model),
    ['mel-stats:1'],
  );
});
