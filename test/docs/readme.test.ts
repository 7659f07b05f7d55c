import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const blocks = [...read('README.md').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language,
  text: text!,
}));

test('the README shows the rule that `flow init` makes', () => {
  const { text } = blocks.find(({ language }) => language === 'ts')!;
  // The source holds it as a template, where every backslash is written twice.
  assert.ok(read('engine/cli/init-command.ts').includes(text.replaceAll('\\', '\\\\')));
});

test('the README shows the graph of the Python example', () => {
  const { text } = blocks.find((block) => block.text.includes('rule: exec'))!;
  assert.ok(read('docs/examples/python-step/graphs/loud-moments.yaml').endsWith(text));
});

test('the files that the README links to are there', () => {
  for (const [, path] of read('README.md').matchAll(/\]\(([^)#:]+)\)/g))
    assert.doesNotThrow(() => readFileOrFolder(path!), path);
});

function readFileOrFolder(path: string): void {
  try {
    read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
  }
}
