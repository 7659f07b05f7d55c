import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { flowAsSomebody, cannotBeSomebody as skip } from './as-somebody.ts';
import { copyRule, oneComponent, tinyWav } from './test-messages.ts';

function workspace(): Rig {
  return new Rig({
    'rules/copy.ts': copyRule,
    'inputs/a.txt': 'hello\n',
    'graphs/own.yaml': oneComponent,
    'clip.wav': tinyWav(),
    'videos/clip.wav': tinyWav(),
    'list.txt': 'clip.wav\n',
  });
}

/** @param forbidden what nobody may read, or (with `mode`) write */
function check(
  forbidden: string,
  target: string,
  expected: { status: number; says: RegExp; mode?: number },
): void {
  using rig = workspace();
  chmodSync(rig.path(forbidden), expected.mode ?? 0o000);
  const { status, stderr } = flowAsSomebody(rig, ['build', target, '--plain']);
  chmodSync(rig.path(forbidden), 0o755);
  assert.match(stderr, expected.says);
  assert.match(stderr, /EACCES|permission denied/);
  assert.doesNotMatch(stderr, /internal|^\s+at /m);
  assert.equal(status, expected.status, stderr);
}

test('a video that may not be read is told', { skip }, () => {
  check('clip.wav', 'run:clip.wav//segment_plan', { status: 1, says: /^run:clip\.wav: input_unreadable/ });
});

test('a folder of videos that may not be read is told', { skip }, () => {
  check('videos', 'run:videos//segment_plan', {
    status: 1,
    says: /^run:videos\/\/segment_plan: input_unreadable/,
  });
});

test('a list that may not be read is told', { skip }, () => {
  check('list.txt', 'run:@list.txt', { status: 1, says: /^run:@list\.txt: input_unreadable/ });
});

test('a graph that may not be read is told, and so is a folder of graphs', { skip }, () => {
  check('graphs/own.yaml', '//one', { status: 2, says: /graph_invalid\n.*graphs\/own\.yaml/ });
  check('graphs', '//one', { status: 2, says: /^graphs: config_invalid/ });
});

test('settings, rules and inputs that may not be read are told', { skip }, () => {
  check('flow.yaml', '//one', { status: 2, says: /^flow\.yaml: config_invalid/ });
  check('rules/copy.ts', '//one', { status: 2, says: /^rules\/copy\.ts: graph_invalid/ });
  check('inputs/a.txt', '//one', { status: 1, says: /^graphs\/own\.yaml:3:40: input_unreadable/ });
});

test('a workspace that may not be written to is told', { skip }, () => {
  check('.', '//one', { status: 2, says: /^\.flow: config_invalid/, mode: 0o555 });
});
