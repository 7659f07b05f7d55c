import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'node:test';

const cli = process.env.FLOW_TEST_CLI ?? resolve(import.meta.dirname, '../engine/cli/flow.ts');

class EmptyFolder implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'flow-init-')));
  readonly project = join(this.path, 'project');

  constructor() {
    mkdirSync(this.project);
  }

  flow(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const env = { ...process.env, FLOW_CACHE_DIR: join(this.path, 'cache'), NO_COLOR: '1' };
    return spawnSync(process.execPath, [cli, ...args], { cwd: this.project, env, encoding: 'utf8' });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

test('a new workspace builds its example without a change', () => {
  using folder = new EmptyFolder();
  assert.equal(folder.flow('init').status, 0);
  const build = folder.flow('build', '//...', '--plain');
  assert.equal(build.status, 0, build.stderr);
  const counts = readFileSync(join(folder.project, 'out/word_count/counts.json'), 'utf8');
  assert.deepEqual(JSON.parse(counts), { 'inputs/example.txt': 5 });
});

test('a workspace made in a folder that is named says how to go there', () => {
  using folder = new EmptyFolder();
  const { status, stdout } = folder.flow('init', 'films');
  assert.equal(status, 0);
  assert.match(stdout, /cd films && npx flow build/);
  assert.ok(readdirSync(join(folder.project, 'films')).includes('flow.yaml'));
});

test('a folder that holds a workspace already is refused and left as it was', () => {
  using folder = new EmptyFolder();
  writeFileSync(join(folder.project, 'flow.yaml'), 'schema_version: 1\n');
  const { status, stderr } = folder.flow('init');
  assert.equal(status, 2);
  assert.match(stderr, /Cannot make a workspace here: flow\.yaml is there already/);
  assert.deepEqual(readdirSync(folder.project), ['flow.yaml']);
});

test('.gitignore and tsconfig.json of the project around a new workspace stay as they are', () => {
  using folder = new EmptyFolder();
  for (const name of ['.gitignore', 'tsconfig.json']) writeFileSync(join(folder.project, name), '{}');
  assert.equal(folder.flow('init').status, 0);
  for (const name of ['.gitignore', 'tsconfig.json'])
    assert.equal(readFileSync(join(folder.project, name), 'utf8'), '{}');
});
