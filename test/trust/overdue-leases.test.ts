/** Another process holds an action for longer than it may take: the build goes on without. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TimedEvent } from '../../engine/core/events.ts';
import type { Rig } from '../rig.ts';
import { buildHere } from './build-here.ts';
import { holding } from './hold-leases.ts';
import { onlyRun } from './run-on-disk.ts';
import { copyRule } from './text-rules.ts';
import { textRun, textTargets } from './text-run.ts';

interface Holder extends Disposable {
  readonly pid: number;
}

/** A process that holds the leases of actions until it is disposed of. */
async function holdLeases(rig: Rig, keys: readonly string[]): Promise<Holder> {
  mkdirSync(rig.cacheDir, { recursive: true });
  const script = join(import.meta.dirname, 'hold-leases.ts');
  const child = spawn(process.execPath, [script, join(rig.cacheDir, 'leases.db'), ...keys], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString('utf8'), holding);
  return { pid: child.pid!, [Symbol.dispose]: () => child.kill('SIGKILL') };
}

/** `copied` may take 0.2 s; others are waited for 0.3 s more. `large` and `short` need it, `other` does not. */
function waitingRig(required: boolean): Rig {
  return textRun({
    'rules/copy.ts': copyRule.replace("scope: 'whole',", "scope: 'whole', timeoutSec: 0.2,"),
    'graphs/texts.yaml': `schema_version: 1
components:
  copied: { rule: copy, required: ${required}, inputs: { source: video } }
  large: { rule: swell, required: ${required}, inputs: { source: copied.text } }
  short: { rule: head, required: ${required}, inputs: { source: large.text } }
  other: { rule: copy, inputs: { source: video }, params: { suffix: other } }
stages:
  texts: { components: [copied, large, short, other] }
`,
    'profiles/default.yaml': 'schema_version: 1\nname: default\nfailure: { grace_sec: 0.3 }\n',
  });
}

/** Builds once to learn the key of `copied`, and forgets all. */
async function keyOfCopied(rig: Rig): Promise<string> {
  const { events } = await buildHere(rig, textTargets);
  for (const name of ['result_store', 'state']) rig.remove(name);
  rmSync(rig.cacheDir, { recursive: true });
  const isOfCopied = (event: TimedEvent): boolean =>
    event.type === 'action_queued' && event.component === 'copied';
  const [queued] = events.filter(isOfCopied);
  assert.ok(queued?.type === 'action_queued');
  return queued.key;
}

/** Status and reason by component. */
async function told(rig: Rig): Promise<Record<string, [string, string | undefined]>> {
  const { components } = await onlyRun(rig).state();
  return Object.fromEntries(
    Object.entries(components).map(([name, { status, reason }]) => [name, [status, reason]]),
  );
}

test('an optional component that another process never finishes is dependency_missing, and its dependents say why they are skipped', async () => {
  using rig = waitingRig(false);
  const key = await keyOfCopied(rig);
  using holder = await holdLeases(rig, [key]);
  const built = await buildHere(rig, textTargets);
  assert.equal(built.status, 0);
  const { manifest } = onlyRun(rig);
  assert.equal(manifest.run.status, 'partial');
  const [copied] = manifest.components;
  assert.equal(copied!.error_code, 'dependency_missing');
  assert.match(copied!.error!, new RegExp(`process ${holder.pid} has been making it for 0\\.5 s`));
  const [message] = copied!.error!.split('\n'); // The manifest tells the mend, too.
  assert.deepEqual(await told(rig), {
    copied: ['error', message],
    large: ['skipped', 'copied failed'],
    short: ['skipped', 'copied failed'],
    other: ['success', undefined],
  });
  assert.ok(!built.events.some(({ type }) => type === 'action_retried'));
});

test('a required component that another process never finishes is an error, and is made once that one is gone', async () => {
  using rig = waitingRig(true);
  const key = await keyOfCopied(rig);
  {
    using _holder = await holdLeases(rig, [key]);
    assert.equal((await buildHere(rig, textTargets)).status, 1);
    const { run, components } = onlyRun(rig).manifest;
    assert.equal(run.status, 'error');
    assert.deepEqual(
      components.map(({ name, status, error_code }) => [name, status, error_code]),
      [
        ['copied', 'error', 'dependency_missing'],
        ['other', 'success', undefined],
        ['large', 'skipped', undefined],
        ['short', 'skipped', undefined],
      ],
    );
  }
  assert.deepEqual((await buildHere(rig, textTargets)).ran, ['copied', 'large', 'short']);
  assert.equal(onlyRun(rig).manifest.run.status, 'success');
});
