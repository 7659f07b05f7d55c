import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import type { EntryDocument } from '../../../engine/cli/cache/entry-table.ts';
import { startHolder } from '../../cache/cache-holder.ts';
import { makeOlder } from '../../cache/made-older.ts';
import type { FlowRun, Rig } from '../../rig.ts';
import { textRun, textTargets } from '../../trust/text-run.ts';
import { FlowServer } from '../flow-server.ts';

const server = new FlowServer();
after(() => server.stop());

function flow(rig: Rig, ...args: string[]): Promise<FlowRun> {
  const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };
  return server.flow({ args, cwd: rig.root, env });
}

async function built(more: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const rig = textRun(more);
  const { status, stderr } = await flow(rig, 'build', ...textTargets, '-q');
  assert.equal(status, 0, stderr);
  return rig;
}

async function json<T>(rig: Rig, ...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await flow(rig, 'cache', ...args, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as T; // What the command documents.
}

function blobsOf(rig: Rig): string[] {
  const cas = join(rig.cacheDir, 'cas');
  return readdirSync(cas, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.length > 60)
    .map((name) => join(cas, name));
}

/** The texts that the runs have delivered, by their paths. */
function resultsOf(rig: Rig): Record<string, string> {
  const names = readdirSync(rig.path('result_store'), { recursive: true, encoding: 'utf8' });
  const texts = names.filter((name) => name.endsWith('.txt')).sort();
  return Object.fromEntries(texts.map((name) => [name, rig.read(join('result_store', name))]));
}

const smallCache = `schema_version: 1
stage: texts
cache: { floor: 0, min_free: 0, ceiling: 10KiB }
`;

interface Stats {
  readonly blobs: { readonly count: number; readonly bytes: number };
  readonly results: { readonly count: number };
  readonly limits: { readonly ceiling_bytes: number };
  readonly evicted: readonly { readonly reason: string; readonly count: number }[];
}

test('stats counts what is there, and says what the limits mean', async () => {
  using rig = await built({ 'flow.yaml': smallCache });
  const stats = await json<Stats>(rig, 'stats');
  const [blob] = blobsOf(rig);
  assert.deepEqual(stats.blobs, { count: 1, bytes: readFileSync(blob!).length });
  assert.deepEqual([stats.results.count, stats.limits.ceiling_bytes], [3, 10 * 1024]);
  const { stdout } = await flow(rig, 'cache', 'stats');
  assert.match(stdout, /ceiling +10\.0 KiB {2}5\d\.\d KiB too much/);
});

test('gc takes what is over the ceiling, why says so, and the next build makes it again', async () => {
  using rig = await built({ 'flow.yaml': smallCache });
  const before = resultsOf(rig);
  await makeOlder(rig.cacheDir, 3);
  const dry = await flow(rig, 'cache', 'gc', '--dry-run');
  assert.match(
    dry.stdout,
    /^Would collect 1 entry, .*\n.*\n +blob +large .* the cache was above its ceiling\n$/,
  );
  assert.equal(blobsOf(rig).length, 1);
  assert.match((await flow(rig, 'cache', 'gc')).stdout, /^Collected 1 entry, /);
  assert.equal(blobsOf(rig).length, 0);
  assert.deepEqual(
    (await json<Stats>(rig, 'stats')).evicted.map(({ reason, count }) => [reason, count]),
    [['ceiling', 1]],
  );
  const told =
    /its bytes were evicted on [-\d]+ [:\d]+, because the cache was above its ceiling; they are made again/;
  assert.match((await flow(rig, 'why', 'run:clip.mp4//large')).stdout, told);
  rig.remove('result_store');
  assert.equal((await flow(rig, 'build', ...textTargets, '-q')).status, 0);
  assert.deepEqual(resultsOf(rig), before);
  assert.doesNotMatch((await flow(rig, 'why', 'run:clip.mp4//large')).stdout, /evicted/);
});

test('a result that has gone is told as evicted, in words and as data', async () => {
  using rig = await built();
  await flow(rig, 'cache', 'rm', 'large', '--yes');
  const { stdout } = await flow(rig, 'why', 'run:clip.mp4//large');
  assert.match(
    stdout,
    /would run: its result was evicted on .*, because somebody asked for it with `flow cache rm`/,
  );
  const [answer] = JSON.parse((await flow(rig, 'why', 'run:clip.mp4//large', '--json')).stdout);
  assert.equal(answer.actions[0].evicted.reason, 'removed');
});

test('verify finds a flipped bit and moves the blob away; the next build makes it again', async () => {
  using rig = await built();
  const before = resultsOf(rig);
  assert.deepEqual((await flow(rig, 'cache', 'verify')).status, 0);
  const [blob] = blobsOf(rig);
  const content = readFileSync(blob!);
  content[100]! ^= 1;
  chmodSync(blob!, 0o644);
  writeFileSync(blob!, content);
  const { status, stdout } = await flow(rig, 'cache', 'verify');
  assert.equal(status, 1);
  assert.match(stdout, /Damaged:\n {2}blob +b3:[0-9a-f]{64} {2}64\.0 KiB {2}large\n/);
  assert.deepEqual([existsSync(blob!), readdirSync(join(rig.cacheDir, 'quarantine')).length], [false, 1]);
  rig.remove('result_store');
  await flow(rig, 'build', ...textTargets, '-q');
  assert.deepEqual(resultsOf(rig), before);
  assert.equal((await flow(rig, 'cache', 'verify')).status, 0);
});

test('ls shows the entries of a component, and those whose names begin as a word does', async () => {
  using rig = await built();
  const all = await json<EntryDocument[]>(rig, 'ls');
  assert.deepEqual(all.map(({ what, component }) => `${what} ${component}`).sort(), [
    'blob large',
    'result copied',
    'result large',
    'result short',
  ]);
  const large = await json<EntryDocument[]>(rig, 'ls', 'large');
  assert.deepEqual(large.map(({ what }) => what).sort(), ['blob', 'result']);
  const copied = all.find(({ component }) => component === 'copied')!;
  assert.deepEqual(await json(rig, 'ls', copied.id.slice(3, 12)), [copied]);
  assert.deepEqual(await json(rig, 'ls', copied.outputs!['text']!), [copied]); // Its bytes lie in it.
  const { status, stderr } = await flow(rig, 'cache', 'ls', 'lrage');
  assert.equal(status, 2);
  assert.match(stderr, /Cannot find "lrage" in the cache\.\n {2}Fix: Write "large"\./);
});

test('rm removes a component with its bytes, if it is told to without asking', async () => {
  using rig = await built();
  const refused = await flow(rig, 'cache', 'rm', 'large');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /Cannot remove 2 entries, .*: nobody can be asked whether to\./);
  assert.match((await flow(rig, 'cache', 'rm', 'large', '--dry-run')).stdout, /^Would remove 2 entries, /);
  assert.equal(blobsOf(rig).length, 1);
  assert.equal((await flow(rig, 'cache', 'rm', 'large', '--yes')).status, 0);
  assert.equal(blobsOf(rig).length, 0);
  assert.deepEqual((await rig.build(textTargets)).ran, ['large']);
});

test('while a build of any workspace uses the cache nothing is removed from it', async () => {
  using rig = await built();
  const holder = await startHolder(rig.cacheDir);
  for (const args of [
    ['cache', 'rm', 'large', '--yes'],
    ['clean', '--cache', '--yes'],
  ]) {
    const { status, stderr } = await flow(rig, ...args);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`a build is using it \\(process ${holder.pid}\\)`));
  }
  await holder.kill();
  assert.equal((await flow(rig, 'clean', '--cache', '--yes')).status, 0);
});

test('a folder that is no cache is no place to look into', async () => {
  using rig = textRun();
  const { status, stderr } = await flow(rig, 'cache', 'stats');
  assert.equal(status, 2);
  assert.match(stderr, /Cannot look into this cache: nothing has been built with it\./);
  assert.equal(existsSync(rig.cacheDir), false);
});

test('wrong limits are told where they stand', async () => {
  using rig = textRun({
    'flow.yaml': 'schema_version: 1\ncache: { floor: 2 GB, ceiling: lots, min_fre: 5% }\n',
  });
  const { status, stderr } = await flow(rig, 'cache', 'stats');
  assert.equal(status, 2);
  assert.match(
    stderr,
    /flow\.yaml:2:\d+: config_invalid\n.*"cache\.ceiling": "lots" is neither a size nor a share\./,
  );
  assert.match(stderr, /Fix: Write "min_free"/);
});

const manyTexts = `schema_version: 1
components:
  copied: { processor: first, rule: copy, inputs: { source: video } }
  one: { processor: second, rule: swell, inputs: { source: copied.text }, params: { times: 1 } }
  two: { processor: second, rule: swell, inputs: { source: copied.text }, params: { times: 2 } }
  three: { processor: second, rule: swell, inputs: { source: copied.text }, params: { times: 3 } }
  short: { processor: second, rule: head, inputs: { source: three.text } }
stages:
  texts: { components: [copied, one, two, three, short] }
`;

const killer = resolve(import.meta.dirname, '../../cache/collect-and-die.ts');

test('a collection that is killed at any file leaves a cache that works', async () => {
  using rig = await built({ 'graphs/texts.yaml': manyTexts });
  const before = resultsOf(rig);
  for (const removal of [1, 2, 3]) {
    await makeOlder(rig.cacheDir, 3);
    const { signal } = spawnSync(process.execPath, [killer, rig.cacheDir, String(removal)]);
    assert.deepEqual([signal, blobsOf(rig).length], ['SIGKILL', 4 - removal]);
    rig.remove('result_store');
    assert.equal((await flow(rig, 'build', ...textTargets, '-q')).status, 0);
    assert.deepEqual(resultsOf(rig), before);
    assert.equal((await flow(rig, 'cache', 'verify')).status, 0);
  }
});

test('builds that share a cache while it is collected give what they give alone', async () => {
  const files = { 'graphs/texts.yaml': manyTexts, 'flow.yaml': smallCache };
  using rig = await built(files);
  using other = textRun({ ...files, 'clip.mp4': 'another film' });
  await flow(other, 'build', ...textTargets, '-q');
  const alone = [resultsOf(rig), resultsOf(other)];
  await other.flow(['build', ...textTargets, '-q'], { FLOW_CACHE_DIR: rig.cacheDir });
  await makeOlder(rig.cacheDir, 3);
  for (const one of [rig, other]) one.remove('result_store');
  const env = { FLOW_CACHE_DIR: rig.cacheDir };
  const builds = [rig, other].map((one) => one.flow(['build', ...textTargets, '-q'], env));
  const collections = Array.from({ length: 3 }, () => flow(rig, 'cache', 'gc'));
  const runs = await Promise.all([...builds, ...collections]);
  assert.deepEqual(
    runs.map(({ status, stderr }) => [status, stderr]),
    runs.map(() => [0, '']),
  );
  assert.deepEqual([resultsOf(rig), resultsOf(other)], alone);
});
