import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { printedBy } from '../../../../engine/io/models/printed-by.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-printed-'));
after(() => rmSync(folder, { recursive: true }));

function program(text: string): string {
  const path = join(folder, 'program.ts');
  writeFileSync(path, text);
  return path;
}

test('what a program prints is what it answers', async () => {
  const echo = program('process.stdout.write(JSON.stringify(process.argv.slice(2)));');
  assert.deepEqual(await printedBy(echo, ['one', 'two']), ['one', 'two']);
});

for (const [what, text, message] of [
  ['a driver that crashes', "process.kill(process.pid, 'SIGSEGV'); setInterval(() => 0, 1000);", 'SIGSEGV'],
  ['a driver that ends it', 'process.exit(7);', 'exit status 7'],
] as const)
  test(`${what} is told as what it is, and not as a command that failed`, async () => {
    await assert.rejects(printedBy(program(text), []), { message: `it ended the process (${message})` });
  });

test('a driver that hangs is given up, also where it hears no signal', async () => {
  const deaf = program("process.on('SIGTERM', () => undefined); setInterval(() => 0, 1000);");
  await assert.rejects(printedBy(deaf, [], { mostMs: 500 }), { message: 'it was still loading after 0.5 s' });
});
