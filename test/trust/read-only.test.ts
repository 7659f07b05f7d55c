import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { flowAsSomebody, cannotBeSomebody as skip } from '../cli/as-somebody.ts';
import { onlyRun, runsOn, storedKeys } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

const build = ['build', ...textTargets, '--plain'];
const readOnly = 0o555;

for (const [place, flags] of [
  ['result_store', []],
  ['elsewhere', ['--results', 'elsewhere']],
] as const)
  test(`a results folder ${place} that may not be written to is refused before anything runs`, {
    skip,
  }, () => {
    using rig = textRun();
    mkdirSync(rig.path(place));
    chmodSync(rig.path(place), readOnly);
    const { status, stderr } = flowAsSomebody(rig, [...build, ...flags]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, new RegExp(`^(.*/)?${place}: config_invalid`, 'm'));
    assert.match(stderr, /permission denied \(EACCES\)/);
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.deepEqual([storedKeys(rig), runsOn(rig)], [[], []], 'the build had begun');
  });

test('a state folder that may not be written to is a warning, and the state is there once it may', {
  skip,
}, async () => {
  using rig = textRun();
  mkdirSync(rig.path('state'));
  chmodSync(rig.path('state'), readOnly);
  const first = flowAsSomebody(rig, build);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /warning.*Cannot write the state of a run: EACCES/);
  assert.equal(first.stderr.match(/Cannot write the state/g)?.length, 1);
  const { manifest, delivered } = onlyRun(rig);
  assert.equal(manifest.run.status, 'success');
  assert.equal(existsSync(onlyRun(rig).stateFolder), false);

  chmodSync(rig.path('state'), 0o755);
  const next = flowAsSomebody(rig, build);
  assert.equal(next.status, 0, next.stderr);
  await onlyRun(rig).assertWhole(delivered, 'writable again');
});

test("a run's own folder that may not be written to is an error that names the file", { skip }, () => {
  using rig = textRun();
  assert.equal(flowAsSomebody(rig, build).status, 0);
  const folder = rig.path(`result_store/${onlyRun(rig).name}/large`);
  rig.remove(`result_store/${onlyRun(rig).name}/large/text.txt`);
  chmodSync(folder, readOnly);
  const { status, stderr } = flowAsSomebody(rig, build);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /config_invalid\n\s+Cannot write the result .*large\/text\.txt: EACCES/);
  assert.doesNotMatch(stderr, /^\s+at /m);
  chmodSync(folder, 0o755);
  assert.equal(flowAsSomebody(rig, build).status, 0);
  assert.equal(Object.keys(onlyRun(rig).delivered).length, 3);
});
