/**
 * Runs the tests: `node scripts/run-tests.ts [--checks] [FILE…]`. With `--checks` types, lint and unused code are
 * checked first, each counted as one test.
 *
 * At the end come the slowest files, if there are many, and in the last line `N passed, N failed` (`, N skipped`); the
 * exit status is 1 if anything failed or nothing ran.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { sharedVariable, startS3, withoutS3 } from '../test/s3-server.ts';

const root = resolve(import.meta.dirname, '..');
const concurrency = 2;
/** A test that hangs must not hang the caller. Per file. */
const timeoutMs = 15 * 60_000;
const namedSlowest = 12;

const checks = [
  { name: 'types (tsc)', argv: ['tsc', '-p', '.'] },
  { name: 'format and lint (biome)', argv: ['biome', 'check', '--error-on-warnings'] },
  { name: 'unused code (knip)', argv: ['knip'] },
];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function runChecks(): Counts {
  const results = checks.map(({ name, argv: [program, ...args] }) => {
    const { status, stdout, stderr, error } = spawnSync(join('node_modules/.bin', program!), args, {
      cwd: root,
      encoding: 'utf8',
    });
    process.stdout.write(
      status === 0 ? `✔ ${name}\n` : `✖ ${name}\n${error?.message ?? ''}${stdout}${stderr}\n`,
    );
    return status === 0;
  });
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

async function runTests(files: readonly string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const events = run({ files: [...files], cwd: root, concurrency, timeout: timeoutMs });
  const times: { file: string; ms: number }[] = [];
  events.on('test:summary', (summary) => {
    if (summary.file !== undefined) {
      times.push({ file: summary.file, ms: summary.duration_ms });
      return; // The sum comes last.
    }
    const { tests, passed, skipped, todo } = summary.counts;
    counts.passed = passed;
    counts.skipped = skipped + todo;
    counts.failed = tests - passed - counts.skipped; // The cancelled too.
  });
  for await (const text of events.compose(spec())) process.stdout.write(text as string);
  if (times.length > namedSlowest) printSlowest(times);
  return counts;
}

function printSlowest(times: readonly { file: string; ms: number }[]): void {
  const slowest = times.toSorted((one, other) => other.ms - one.ms).slice(0, namedSlowest);
  for (const { file, ms } of slowest)
    process.stdout.write(`${(ms / 1000).toFixed(1).padStart(7)} s  ${relative(root, file)}\n`);
}

/** One server for all is enough: each takes some 20 s to start and to end. */
function usesS3(file: string): boolean {
  return /s3-server|shared-bucket/.test(readFileSync(file, 'utf8'));
}

const { values, positionals } = parseArgs({
  options: { checks: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const named = positionals.map((file) => resolve(file));
const files =
  named.length > 0
    ? named
    : globSync('test/**/*.test.ts', { cwd: root })
        .sort()
        .map((file) => join(root, file));
// Tests start flow from its sources some thousand times: what Node has compiled once halves the time of each start.
const compiled = mkdtempSync(join(tmpdir(), 'flow-compiled-'));
process.on('exit', () => rmSync(compiled, { recursive: true, force: true }));
process.env['NODE_COMPILE_CACHE'] = compiled;

const sharesServer = !withoutS3 && files.filter(usesS3).length > 1;
if (sharesServer)
  process.env[sharedVariable] = JSON.stringify({ radosgw: (await startS3({ kind: 'radosgw' })).env });
const checked = values.checks ? runChecks() : { passed: 0, failed: 0, skipped: 0 };
const tested = await runTests(files);
const passed = checked.passed + tested.passed;
const failed = checked.failed + tested.failed;
process.exitCode = failed > 0 || tested.passed === 0 ? 1 : 0;
const skipped = tested.skipped > 0 ? `, ${tested.skipped} skipped` : '';
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped}\n`);
