import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { digestOf } from '../../../engine/core/digest.ts';
import { type Bundle, bundleRule } from '../../../engine/io/bundler.ts';
import { packBundle, unpackBundle } from '../../../engine/io/packed-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-packed-bundle-'));
after(() => rmSync(folder, { recursive: true }));

/** A package with one rule, of two modules, that uses another package. */
class Package {
  static #count = 0;
  readonly root = join(folder, `${Package.#count++}`);

  static write(): Package {
    const made = new Package();
    made.#write(
      'rules/deep/rule.ts',
      `import tool from 'tool';\nimport { one } from '../one.ts';\nexport const all = [tool, one];\n`,
    );
    made.#write('rules/one.ts', '// The first.\nexport const one = 1;\n');
    made.#write('node_modules/tool/package.json', '{ "version": "1.0.0" }');
    made.#write('node_modules/tool/index.js', 'export default 1;\n');
    return made;
  }

  #write(name: string, content: string): void {
    mkdirSync(join(this.root, name, '..'), { recursive: true });
    writeFileSync(join(this.root, name), content);
  }

  /** The same in another place. */
  moved(): Package {
    const there = new Package();
    cpSync(this.root, there.root, { recursive: true });
    return there;
  }

  get #rulePath(): string {
    return join(this.root, 'rules/deep/rule.ts');
  }

  bundle(): Promise<Bundle> {
    return bundleRule(this.#rulePath, join(this.root, 'api.ts'));
  }

  async pack(): Promise<string> {
    return packBundle(await this.bundle(), this.root);
  }

  unpack(text: string): Promise<Bundle | undefined> {
    const holds = (path: string, content: string) =>
      Promise.resolve(digestOf(readFileSync(path)) === content);
    return unpackBundle(text, { root: this.root, rulePath: this.#rulePath, holds });
  }

  append(name: string, text: string): void {
    appendFileSync(join(this.root, name), text);
  }
}

test('a packed bundle is what the bundler makes, wherever the package lies', async () => {
  const here = Package.write();
  const packed = await here.pack();
  assert.deepEqual(await here.unpack(packed), await here.bundle());
  assert.doesNotMatch(packed, new RegExp(folder));
  const there = here.moved();
  assert.deepEqual(await there.unpack(packed), await there.bundle());
});

test('it holds no longer when a module or a package has changed, be it a comment, which moves places', async () => {
  for (const name of ['rules/deep/rule.ts', 'rules/one.ts', 'node_modules/tool/index.js']) {
    const changed = Package.write();
    const packed = await changed.pack();
    changed.append(name, '// A remark.\n');
    assert.equal(await changed.unpack(packed), undefined, name);
  }
});
