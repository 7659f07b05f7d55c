import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
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
process.stdin.resume(); // It lives until it is told to end: the lease of a process that has ended is free.
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
      const children = Array.from({ length: 6 }, () => start(args));
      const told = await Promise.all(children.map(lineOf));
      for (const child of children) child.stdin.end();
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

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(args: readonly string[]): Child {
  return spawn(process.execPath, [...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function lineOf({ stdout }: Child): Promise<string> {
  const [chunk] = (await once(stdout, 'data')) as [Buffer]; // A line this short comes as one.
  return chunk.toString();
}
