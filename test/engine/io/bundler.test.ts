import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { type Bundle, bundleRule } from '../../../engine/io/bundler.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-bundler-'));
after(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

function bundle(): Promise<Bundle> {
  return bundleRule(join(folder, 'rule.ts'), join(folder, 'rule.ts'));
}

/** Names of the modules whose digests differ. */
function changed(before: Bundle, after: Bundle): string[] {
  const paths = Object.keys(after.parts.modules);
  return paths
    .filter((path) => before.parts.modules[path] !== after.parts.modules[path])
    .map((path) => basename(path));
}

test('what a rule imports that is no code is part of its bundle, byte by byte; of code comments are not', async () => {
  write({
    'rule.ts': `import table from './table.json';
import note from './note.txt';
import { one } from './plain.mjs';
export const all = (): unknown => [table, note, one];
`,
    'table.json': '{ "a": 1 }',
    'note.txt': 'a text: {',
    'plain.mjs': 'export const one = 1;\n',
  });
  const first = await bundle();
  assert.deepEqual(
    Object.keys(first.parts.modules)
      .map((path) => basename(path))
      .sort(),
    ['note.txt', 'plain.mjs', 'rule.ts', 'table.json'],
  );
  write({ 'plain.mjs': '// The first.\nexport const one = 1;\n' });
  const commented = await bundle();
  assert.deepEqual([commented.digest, changed(first, commented)], [first.digest, []]);
  write({ 'table.json': '{ "a": 2 }', 'note.txt': 'a text: [' });
  const edited = await bundle();
  assert.notEqual(edited.digest, first.digest);
  assert.deepEqual(changed(commented, edited).sort(), ['note.txt', 'table.json']);
});
