/** Texts that are kept in files, so that every change of them is seen and read. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Holds a text against `test/golden/<name>.txt`; `UPDATE_GOLDEN=1` rewrites the file. */
export function checkGolden(name: string, actual: string): void {
  const path = join(import.meta.dirname, 'golden', `${name}.txt`);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  assert.ok(existsSync(path), `there is no ${path}: make it with UPDATE_GOLDEN=1, and read it`);
  assert.equal(actual, readFileSync(path, 'utf8'));
}
