import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstPipe, runSupervised, spawnSupervised } from '../../../engine/io/program.ts';

const never = new AbortController().signal;

test('a program gives its output, its errors and its exit status', async () => {
  const end = await runSupervised(['sh', '-c', 'echo out; echo err >&2; exit 3'], { signal: never });
  assert.deepEqual(
    { stdout: end.stdout, stderr: end.stderr, status: end.status, killedBy: end.killedBy },
    { stdout: 'out\n', stderr: 'err\n', status: 3, killedBy: undefined },
  );
});

test('arguments arrive as they are, and standard input is empty', async () => {
  const args = ['a b', '', '$HOME', '*', "it's", '"'];
  const { stdout } = await runSupervised(['sh', '-c', 'cat; printf "[%s]" "$@"', 'x', ...args], {
    signal: never,
  });
  assert.equal(stdout, args.map((arg) => `[${arg}]`).join(''));
});

test('a program that is not there ends with status 127', async () => {
  assert.equal((await runSupervised(['no-such-program-of-flow'], { signal: never })).status, 127);
});

test('a folder that is not there rejects', async () => {
  await assert.rejects(runSupervised(['true'], { signal: never, cwd: '/no/such/folder' }), /ENOENT/);
});

test('a program that a signal ends says which', async () => {
  const end = await runSupervised(['sh', '-c', 'kill -TERM $$'], { signal: never });
  assert.deepEqual([end.status, end.killedBy], [143, 'SIGTERM']);
});

test('megabytes pass through extra pipes in both directions', async () => {
  const script = `cat <&${firstPipe} >&${firstPipe + 1}`;
  const program = spawnSupervised(['sh', '-c', script], { signal: never, pipes: ['in', 'out'] });
  program.stdout.resume();
  const sent = 'x'.repeat(5_000_000);
  program.input(firstPipe).end(sent);
  assert.equal(await text(program.output(firstPipe + 1)), sent);
  assert.equal((await program.ended).status, 0);
});

test('a program may end without reading its input', async () => {
  const program = spawnSupervised(['true'], { signal: never, pipes: ['in'] });
  program.stdout.resume();
  program.input(firstPipe).end(Buffer.alloc(5_000_000));
  assert.equal((await program.ended).status, 0);
});

test('only the end of a long standard error is kept', async () => {
  const { stderr } = await runSupervised(['sh', '-c', 'seq 1 100000 >&2'], { signal: never });
  assert.equal(stderr.length, 64 * 1024);
  assert.ok(stderr.endsWith('99999\n100000\n'));
});

test('the environment is the one given', async () => {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', FLOW_TEST: 'yes' };
  const { stdout } = await runSupervised(['sh', '-c', 'echo $FLOW_TEST:$HOME'], { signal: never, env });
  assert.equal(stdout, 'yes:\n');
});

const leavesSleeper = 'sleep 1000 & echo $!; wait';

test('an abort ends the program and what it started, with the reason of the abort', async () => {
  const abort = new AbortController();
  const program = spawnSupervised(['sh', '-c', leavesSleeper], { signal: abort.signal });
  const sleeper = await firstNumber(program.stdout);
  abort.abort(new Error('enough'));
  await assert.rejects(program.ended, /enough/);
  await assertGone(sleeper);
});

test('a timeout ends the program with rule_timeout', async () => {
  await assert.rejects(runSupervised(['sleep', '1000'], { signal: never, timeoutMs: 50 }), {
    code: 'rule_timeout',
  });
});

test('what a program leaves behind ends with it', async () => {
  const { stdout } = await runSupervised(['sh', '-c', 'sleep 1000 >/dev/null 2>&1 & echo $!'], {
    signal: never,
  });
  await assertGone(Number(stdout));
});

test('kill -9 of the engine leaves no child and no grandchild', async () => {
  const engine = spawn(process.execPath, ['--input-type=module', '--eval', engineScript()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [child, grandchild] = (await firstLine(engine.stdout)).split(' ').map(Number);
  assert.ok(isAlive(child!) && isAlive(grandchild!));
  engine.kill('SIGKILL');
  await once(engine, 'exit');
  await assertGone(child!);
  await assertGone(grandchild!);
});

function engineScript(): string {
  const module = JSON.stringify(new URL('../../../engine/io/program.ts', import.meta.url).href);
  return `
    import { spawnSupervised } from ${module};
    const program = spawnSupervised(['sh', '-c', ${JSON.stringify(leavesSleeper)}], {
      signal: new AbortController().signal,
    });
    program.stdout.once('data', (pid) => console.log(program.pid + ' ' + pid));
  `;
}

async function firstLine(stream: AsyncIterable<Buffer>): Promise<string> {
  let line = '';
  for await (const chunk of stream) {
    line += chunk.toString();
    if (line.includes('\n')) break;
  }
  return line.trim();
}

async function firstNumber(stream: NodeJS.ReadableStream): Promise<number> {
  const [chunk] = (await once(stream, 'data')) as [Buffer];
  return Number(chunk.toString());
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended but that nobody has waited for is shown as Z.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

async function assertGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) await sleep(20);
  assert.equal(isAlive(pid), false, `process ${pid} is still there`);
}
