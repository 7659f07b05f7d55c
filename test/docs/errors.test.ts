import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import { type ErrorCode, errorCodes, isTransient, isUsage } from '../../engine/core/errors.ts';

const root = resolve(import.meta.dirname, '../..');
const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, code, blame, exit, retried, when, fix]) => ({
    code: code!.replaceAll('`', '') as ErrorCode,
    blame: blame!,
    exit: Number(exit),
    isRetried: retried === 'yes',
    when: when!,
    fix: fix!,
  }));

test('docs/errors.md has every code, in the order of the source', () => {
  assert.deepEqual(
    rows.map(({ code }) => code),
    [...errorCodes],
  );
});

test('docs/errors.md gives the exit status and the retries that the engine gives', () => {
  for (const { code, exit, isRetried } of rows) {
    assert.equal(exit, code === 'cancelled' ? 130 : isUsage(code) ? 2 : 1, code);
    assert.equal(isRetried, isTransient(code), code);
  }
});

test('every row of docs/errors.md says when, whose fault, and what to do', () => {
  for (const { code, blame, when, fix } of rows) {
    assert.match(blame, /^(user|rule|machine)(, (user|rule|machine))*$/, code);
    assert.ok(when.length > 10 && fix.length > 10, code);
  }
});

test('a code is marked as a later one exactly if nothing raises it', () => {
  const files = globSync('{engine,cache,rules,scripts}/**/*.ts', { cwd: root });
  const raising = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  for (const { code, when } of rows) {
    const isRaised = new RegExp(`code: '${code}'|Error\\('${code}'`).test(raising);
    assert.equal(when.startsWith('*later*'), !isRaised, code);
  }
});
