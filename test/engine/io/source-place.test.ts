import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hexOf } from '../../../engine/core/digest.ts';
import { bundleRule } from '../../../engine/io/bundler.ts';
import { sourceMapPath, toSourcePlaces } from '../../../engine/io/source-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-places-'));
mkdirSync(join(folder, 'bundles'));
after(() => rmSync(folder, { recursive: true }));

/** Bundles a rule, and tells the place of its `throw` as a stack has it. */
async function placeOfThrow(source: string): Promise<{ digest: string; place: string }> {
  const rule = join(folder, 'rule.ts');
  writeFileSync(rule, source);
  const { code, digest, sourceMap } = await bundleRule(rule, rule);
  const path = join(folder, 'bundles', `${hexOf(digest)}.mjs`);
  writeFileSync(path, code);
  writeFileSync(sourceMapPath(path), sourceMap);
  return { digest, place: toSourcePlaces(`    at fail (file://${path}:1:${code.indexOf('throw') + 1})`) };
}

const rule = "export function fail(): never { throw new Error('no') }\n";

test('a comment above a rule moves the places that are told, though the bundle is the same', async () => {
  const before = await placeOfThrow(rule);
  const after = await placeOfThrow(`// One.\n\n// Two.\n${rule}`);
  assert.equal(after.digest, before.digest);
  assert.match(before.place, /at fail \(.*\/rule\.ts:1:\d+\)$/);
  assert.match(after.place, /at fail \(.*\/rule\.ts:4:\d+\)$/);
});

test('a place in a bundle without a map is told as it is', () => {
  const place = `at fail (file://${folder}/bundles/${'0'.repeat(64)}.mjs:1:2)`;
  assert.equal(toSourcePlaces(place), place);
});
