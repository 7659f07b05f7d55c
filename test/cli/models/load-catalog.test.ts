import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { loadCatalog } from '../../../engine/cli/models/load-catalog.ts';
import { modelName } from '../../../engine/core/model-entry.ts';
import { tinyEntry } from './models-rig.ts';

class Folder implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'flow-catalog-'));

  write(name: string, text: string): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

test('an entry is found however its name and version are written', () => {
  using folder = new Folder();
  const entry = tinyEntry();
  const lines = 'name: tiny\nversion: "1"\n';
  assert.ok(entry.includes(lines));
  for (const [index, written] of [
    `name: "n0" # mine\nversion: '1.0'\n`,
    `version: v1\nname: n1   # mine\n`,
    `name: >-\n  n2\nversion: |-\n  1.0\n`,
    `"name": n3\n? version\n: "1.0"\n`,
  ].entries())
    folder.write(`models/${index}/entry.yaml`, entry.replace(lines, written));
  const { names } = loadCatalog(folder);
  assert.deepEqual(
    names.filter((name) => /^n\d:/.test(name)),
    ['n0:1.0', 'n1:v1', 'n2:1.0', 'n3:1.0'],
  );
});

test('a wrong entry stops those who want it, and all of the catalog, and nobody else', () => {
  using folder = new Folder();
  folder.write('models/good.yaml', tinyEntry({ name: 'good' }));
  folder.write('models/bad.yaml', tinyEntry({ name: 'bad' }).replace('float32', 'float31'));
  const catalog = loadCatalog(folder);
  assert.equal(modelName(catalog.find({ name: 'good', version: '1' })!.entry), 'good:1');
  assert.equal(catalog.find({ name: 'good', version: '2' }), undefined);
  assert.throws(() => catalog.find({ name: 'bad', version: '1' }), AggregateError);
  assert.throws(() => catalog.all, AggregateError);
});

test('the lock gives digests to files that have none, and changes none that an entry names', () => {
  using folder = new Folder();
  const [published, pinned] = ['a'.repeat(64), 'b'.repeat(64)];
  folder.write('models/open.yaml', tinyEntry({ name: 'open', file: { url: 'https://example.org/x' } }));
  folder.write('models/named.yaml', tinyEntry({ name: 'named', file: { sha256: published } }));
  const pin = `{ tiny.onnx: { sha256: ${pinned}, bytes: 7 } }`;
  folder.write('models.lock.yaml', `schema_version: 1\nmodels: { open:1: ${pin}, named:1: ${pin} }\n`);
  const catalog = loadCatalog(folder);
  const digestOf = (name: string): string | undefined =>
    catalog.find({ name, version: '1' })!.entry.files[0]!.sha256;
  assert.deepEqual([digestOf('open'), digestOf('named')], [pinned, published]);
});

test('a lock that is damaged is told with the place', () => {
  using folder = new Folder();
  folder.write('models.lock.yaml', 'schema_version: 1\nmodels: { a:1: { x: { sha256: zz, bytes: 1 } } }\n');
  assert.throws(
    () => loadCatalog(folder),
    (error: AggregateError) => {
      assert.match(error.errors[0].where, /models\.lock\.yaml:2:\d+$/);
      return true;
    },
  );
});
