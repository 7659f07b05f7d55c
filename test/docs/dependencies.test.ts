import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));
const { dependencies, devDependencies } = readJson('package.json') as Record<string, Record<string, string>>;
const { packages } = readJson('package-lock.json') as {
  packages: Record<string, { version: string; license: string }>;
};

test('docs/dependencies.md has every dependency with the version and licence of the lockfile', () => {
  const listed = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length > 6 && cells[1]!.startsWith('`'))
    .map(([, name, version, licence]) => `${name!.replaceAll('`', '')} ${version} ${licence}`);
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const locked = names.map((name) => {
    const { version, license } = packages[`node_modules/${name}`]!;
    return `${name} ${version} ${license}`;
  });
  assert.deepEqual(listed.sort(), locked.sort());
});
