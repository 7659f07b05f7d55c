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
