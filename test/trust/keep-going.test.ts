import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rig } from '../rig.ts';
import { onlyRun } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

/**
 * ```
 *   copied ── fails ── after
 *      └───── waits ── late ── last
 * ```
 * `waits` begins before `fails` has ended and ends behind it.
 */
function failingRig(): Rig {
  const rig = textRun();
  const command = (input: string, script: string): string =>
    `rule: exec, inputs: { text: ${input} }, params: { command: [sh, -c, ${JSON.stringify(script)}], outputs: { text: out.txt } }`;
  const [isOver, pass] = [rig.path('over'), 'cat in/text* > out.txt'];
  rig.write(
    'graphs/texts.yaml',
    `schema_version: 1
components:
  copied: { rule: copy, inputs: { source: video } }
  fails: { ${command('copied.text', `until test -e ${isOver}-begun; do sleep 0.01; done; touch ${isOver}; exit 3`)} }
  after: { ${command('fails.text', pass)} }
  waits: { ${command('copied.text', `touch ${isOver}-begun; until test -e ${isOver}; do sleep 0.01; done; sleep 0.3; ${pass}`)} }
  late: { ${command('waits.text', pass)} }
  last: { ${command('late.text', pass)} }
stages:
  texts: { components: [copied, fails, after, waits, late, last] }
`,
  );
  return rig;
}

/** Status and code by component, as manifest and state both tell them. */
async function told(rig: Rig): Promise<Record<string, string>> {
  const { manifest } = onlyRun(rig);
  const { components } = await onlyRun(rig).state();
  return Object.fromEntries(
    manifest.components.map(({ name, status, error_code }) => {
      assert.equal(components[name]!.status, status);
      assert.equal(components[name]!.error_code, error_code);
      return [name, error_code ?? status];
    }),
  );
}

async function check(flags: readonly string[], expected: Record<string, string>): Promise<void> {
  using rig = failingRig();
  const { status, stderr } = await rig.build([...textTargets, '--jobs', '2', ...flags]);
  assert.equal(status, 1, stderr);
  assert.equal(onlyRun(rig).manifest.run.status, 'error');
  assert.deepEqual(await told(rig), expected);
}

test('after a required component has failed what runs is finished, and nothing else is begun', () =>
  check([], {
    copied: 'success',
    fails: 'rule_failed',
    after: 'skipped',
    waits: 'success',
    late: 'skipped',
    last: 'skipped',
  }));

test('with --keep-going everything that does not depend on what failed is built', () =>
  check(['--keep-going'], {
    copied: 'success',
    fails: 'rule_failed',
    after: 'dependency_failed',
    waits: 'success',
    late: 'success',
    last: 'success',
  }));
