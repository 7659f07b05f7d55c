/** The package as a stranger gets it: packed, installed in an empty folder elsewhere, and used there. */
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import test, { after, before } from 'node:test';
import { manifestSchema } from '../engine/core/manifest.ts';

const root = resolve(import.meta.dirname, '..');
const base = realpathSync(mkdtempSync(join(tmpdir(), 'flow-package-')));
const folder = join(base, 'project');
const env: NodeJS.ProcessEnv = strangersEnvironment();

/** Without what npm and this repository have put into it. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(registry|cache|cafile)$)/i.test(name) && !name.startsWith('NODE_'),
  );
  const path = (process.env.PATH ?? '').split(delimiter).filter((place) => !place.startsWith(root));
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    FLOW_CACHE_DIR: join(base, 'cache'),
    ONNXRUNTIME_NODE_INSTALL: 'skip', // As README says.
    NO_COLOR: '1',
  };
}

function run(program: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' });
}

function flow(...args: string[]): string {
  const { status, stdout, stderr } = run('npx', ['--no-install', 'flow', ...args]);
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;

before(() => {
  mkdirSync(folder);
  const pack = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', base], {
    cwd: root,
    encoding: 'utf8',
  });
  packed = (JSON.parse(pack) as Packed[])[0]!;
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const install = run('npm', ['install', ...quietly, join(base, packed.filename), 'node@^24']);
  assert.equal(install.status, 0, install.stderr);
});

after(() => rmSync(base, { recursive: true, force: true }));

test('the package holds what runs and no tests, chores or source maps', () => {
  const paths = packed.files.map(({ path }) => path);
  const wanted = /^(dist|engine\/core|rules|graphs|profiles)\/|^(LICENSE|README\.md|package\.json)$/;
  assert.deepEqual(
    paths.filter((path) => !wanted.test(path) || /\.(map|test\.ts)$/.test(path)),
    [],
  );
  for (const path of [
    'dist/flow.js',
    'dist/worker.js',
    'dist/types/engine/core/api.d.ts',
    'dist/ort-lane.js',
    'dist/licenses.txt',
    'dist/bundles/visual/cut-detection.ts.json',
    'rules/exec.ts',
  ])
    assert.ok(paths.includes(path), path);
  assert.ok(packed.size < 1.75 * 2 ** 20, `the package has ${packed.size} bytes`);
});

test('the package names no path of the machine that packed it', () => {
  const installed = join(folder, 'node_modules/flow');
  const names = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const telling = names.filter(({ parentPath, name }) =>
    readFileSync(join(parentPath, name), 'utf8').includes(root),
  );
  assert.deepEqual(
    telling.map(({ name }) => name),
    [],
  );
});

test('a new workspace builds its rule, and again has nothing to do', () => {
  flow('init');
  flow('build', '//word_count', '--plain');
  const counts = JSON.parse(readFileSync(join(folder, 'out/word_count/counts.json'), 'utf8')) as unknown;
  assert.deepEqual(counts, { 'inputs/example.txt': 5 });
  assert.match(flow('build', '//word_count', '--plain'), /^up to date|: 0 actions ran, 1 cached/);
});

test('a run of a video gives its features and a manifest, and needs no bundler for the rules of the package', (context) => {
  env.ESBUILD_BINARY_PATH = '/bin/false';
  context.after(() => delete env.ESBUILD_BINARY_PATH);
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=10:duration=3'];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3'];
  const made = run('ffmpeg', ['-v', 'error', ...pictures, ...sound, '-pix_fmt', 'yuv420p', 'clip.mp4']);
  assert.equal(made.status, 0, made.stderr);
  const summary = JSON.parse(flow('build', 'run:clip.mp4', '--profile', 'offline', '--json')) as {
    runs: { manifest: string }[];
  };
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(summary.runs[0]!.manifest, 'utf8')));
  assert.equal(manifest.run.status, 'success');
  assert.ok(manifest.components.some(({ outputs }) => outputs.some(({ path }) => path.endsWith('.npz'))));
});

test('the compiler accepts the rule of a new workspace and rejects a wrong name of an input', () => {
  const tsc = (): SpawnSyncReturns<string> => run(join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
  const good = tsc();
  assert.equal(good.status, 0, good.stdout);
  const path = join(folder, 'rules/word-count.ts');
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, source.replace('of inputs.source', 'of inputs.sources'));
  const bad = tsc();
  writeFileSync(path, source);
  assert.match(
    bad.stdout,
    /rules\/word-count\.ts\(\d+,\d+\): error TS\d+: Property 'sources' does not exist/,
  );
});

test('an older Node is told in one line what to do', (context) => {
  const node = run('node', ['--version']);
  if (Number.parseInt(node.stdout.slice(1), 10) >= 24)
    return context.skip(`the system's Node is ${node.stdout.trim()}`);
  const { status, stdout, stderr } = run('node', ['node_modules/flow/dist/flow.js', 'build', '//word_count']);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^flow needs Node 24 or newer, and this is [\d.]+: run `npm install node@24` .*\n$/);
});
