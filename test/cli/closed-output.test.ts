import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { copyRule, oneComponent } from './test-messages.ts';

/** Runs `flow` with nobody to read what it says. */
async function unheard(
  rig: Rig,
  args: readonly string[],
  deaf: readonly ('stdout' | 'stderr')[],
): Promise<unknown> {
  const child = rig.start(args);
  for (const stream of deaf) child[stream]!.destroy();
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += String(chunk);
  });
  const [status] = await once(child, 'close');
  assert.doesNotMatch(said, /EPIPE|^\s+at /m);
  return status;
}

test('a build ends well though nobody reads its output', async () => {
  using rig = new Rig({
    'rules/copy.ts': copyRule,
    'inputs/a.txt': 'hello\n',
    'graphs/own.yaml': oneComponent,
  });
  assert.equal(await unheard(rig, ['build', '//one'], ['stdout']), 0);
  assert.equal(rig.read('out/one/copy.txt'), 'hello\n');
  assert.equal(await unheard(rig, ['build', '//one'], ['stdout']), 0);
  assert.equal(await unheard(rig, ['build', '//one', '--verbose'], ['stdout', 'stderr']), 0);
});

test('an error keeps its exit status though nobody reads it', async () => {
  using rig = new Rig({});
  assert.equal(await unheard(rig, ['build', '//none', '--json'], ['stdout', 'stderr']), 2);
});
