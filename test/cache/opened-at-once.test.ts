import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const module = resolve(import.meta.dirname, '../../cache/sqlite-leases.ts');

/** Opens the leases when the clock says so, and prints whether it got the file and the lease. */
const script = `
const [path, atMs] = process.argv.slice(1);
const { SqliteLeases } = await import(${JSON.stringify(module)});
while (Date.now() < Number(atMs));
const troubles = [];
const leases = new SqliteLeases(path, (message) => troubles.push(message));
console.log(JSON.stringify([troubles, leases.acquire('b3:key')]));
await new Promise((done) => setTimeout(done, 500));
`;

test('of processes that make the file of leases at the same moment all share it, and one gets the lease', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-test-'));
  try {
    for (let round = 0; round < 4; round += 1) {
      const args = [
        '--input-type=module',
        '-e',
        script,
        join(folder, `leases-${round}.db`),
        String(Date.now() + 700),
      ];
      const told = await Promise.all(Array.from({ length: 6 }, () => outputOf(args)));
      const answers = told.map((text) => JSON.parse(text) as [string[], boolean]);
      assert.deepEqual(
        answers.flatMap(([troubles]) => troubles),
        [],
      );
      assert.equal(answers.filter(([, isMine]) => isMine).length, 1);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((done) => child.on('close', done));
  return text;
}
