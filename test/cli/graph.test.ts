import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { GraphDocument } from '../../engine/cli/graph/graph-document.ts';
import { Rig } from '../rig.ts';
import { chain } from '../trust/text-rules.ts';
import { tinyWav } from './test-messages.ts';

async function documentOf(rig: Rig, ...args: readonly string[]): Promise<GraphDocument> {
  const run = await rig.flow(['graph', ...args, '--json']);
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as GraphDocument;
}

function statuses({ nodes }: GraphDocument): Record<string, string | null> {
  return Object.fromEntries(nodes.map(({ name, status }) => [name, status]));
}

describe('the baseline stage', () => {
  const rig = new Rig({
    'profiles/mine.yaml': `schema_version: 1
name: mine
extends: default
components: { tempo_extractor: { required: false }, shot_quality: { enabled: false } }
`,
  });
  let whole: GraphDocument;
  before(async () => {
    whole = await documentOf(rig, '--profile', 'mine');
  });
  after(() => rig[Symbol.dispose]());
  const graph = async (...args: readonly string[]): Promise<string> => {
    const run = await rig.flow(['graph', '--profile', 'mine', ...args]);
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };

  test('as text fits 80 columns, and groups components by processor', async () => {
    const lines = (await graph()).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    assert.equal(lines[0], 'stage baseline, profile mine');
    const row = (name: string): string => lines.find((line) => line.startsWith(`  ${name} `)) ?? '';
    assert.match(row('tempo_extractor'), /optional +← audio_decode/);
    assert.match(row('cut_detection'), /required +← decode/);
    assert.match(row('shot_quality'), /disabled$/);
    assert.ok(lines.indexOf('segmenter') < lines.indexOf('audio'));
    assert.ok(lines.indexOf('audio') < lines.indexOf(row('tempo_extractor')));
  });

  test('as JSON has rules, params with their meaning, outputs and what passes along the edges', () => {
    const { schema_version, nodes, edges } = whole;
    assert.equal(schema_version, 1);
    const cuts = nodes.find(({ name }) => name === 'cut_detection')!;
    assert.equal(cuts.rule, 'visual/cut-detection');
    assert.equal(cuts.status, null);
    assert.deepEqual(
      cuts.params.find(({ name }) => name === 'max_fade_sec'),
      { name: 'max_fade_sec', value: 4, doc: 'longest fade' },
    );
    const shots = cuts.outputs.find(({ name }) => name === 'shots')!;
    assert.deepEqual([shots.format, shots.ephemeral], ['npz', false]);
    assert.ok(shots.arrays.includes('start_sec: float64 S'), shots.arrays.join());
    assert.ok(
      edges.some(({ from, to, output }) => `${from}.${output} ${to}` === 'decode.frames cut_detection'),
    );
    assert.equal(nodes.find(({ name }) => name === 'shot_quality')!.enabled, false);
  });

  test('as Mermaid has each component and each arrow once', async () => {
    const text = await graph('--format', 'mermaid');
    const { nodes, edges } = whole;
    assert.match(text, /^%% .*\nflowchart LR\n/);
    assert.equal(text.match(/^ {4}n\d+\["/gm)?.length, nodes.length);
    const pairs = new Set(edges.map(({ from, to }) => `${from} ${to}`));
    assert.equal(text.match(/ --> /g)?.length, pairs.size);
    assert.equal(text.match(/^ {2}subgraph /gm)?.length, text.match(/^ {2}end$/gm)?.length);
    assert.match(text, /class n\d+ optional/);
  });

  test('as DOT has balanced braces and quotes, and dashes for what is optional', async () => {
    const text = await graph('--format', 'dot');
    const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
    assert.equal(bare.match(/\{/g)?.length, bare.match(/\}/g)?.length);
    assert.doesNotMatch(bare.replaceAll('""', ''), /"/);
    assert.match(text, /"tempo_extractor" \[.*dashed.*\];/);
    assert.match(text, /"decode" -> "cut_detection" \[tooltip="frames"\];/);
  });

  test('as SVG has a box for each component and colours for the dark', async () => {
    const text = await graph('--format', 'svg');
    const { nodes } = whole;
    assert.match(text, /^<svg .*<\/svg>\n$/s);
    assert.equal(text.match(/data-name="/g)?.length, nodes.length);
    assert.match(text, /prefers-color-scheme: dark/);
    assert.match(text, /class="node [^"]*optional[^"]*" data-name="tempo_extractor"/);
  });

  test('goes to a file where that is asked for, and says so', async () => {
    const run = await rig.flow(['graph', '--format', 'html', '-o', 'graph.html']);
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, '', 'Wrote graph.html.\n']);
    assert.match(rig.read('graph.html'), /^<!doctype html>.*<\/html>\n$/s);
    const failed = await rig.flow(['graph', '-o', 'no/such/folder.txt']);
    assert.match(
      failed.stderr,
      /^--output: config_invalid\n {2}Cannot write "no\/such\/folder.txt": there is no/,
    );
    assert.equal(failed.status, 2);
  });
});

test('statuses follow a build: to run, unknown; then cached with sizes and durations; then what a change reaches', async () => {
  using rig = new Rig(chain);
  const before = await documentOf(rig, '//short');
  assert.deepEqual(statuses(before), { copied: 'to_run', large: 'unknown', short: 'unknown' });
  assert.deepEqual(readdirSync(rig.root).sort(), [
    '.flow',
    'flow.yaml',
    'graphs',
    'in.txt',
    'profiles',
    'rules',
  ]);
  assert.ok(!existsSync(rig.cacheDir), 'looking makes no cache');

  assert.equal((await rig.flow(['build', '//short', '--plain'])).status, 0);
  const built = await documentOf(rig, '//short');
  assert.deepEqual(statuses(built), { copied: 'cached', large: 'cached', short: 'cached' });
  assert.deepEqual(
    built.nodes.map(({ bytes }) => bytes),
    [10, 65538, 10],
  );
  assert.ok(built.nodes.every(({ last_duration_ms }) => last_duration_ms !== null));
  assert.match((await rig.flow(['graph', '//short'])).stdout, /large +required +← copied +cached +64\.0 KiB/);

  rig.replace('graphs/chain.yaml', 'rule: swell,', 'rule: swell, params: { times: 2 },');
  const changed = await documentOf(rig, '//short');
  assert.deepEqual(statuses(changed), { copied: 'cached', large: 'to_run', short: 'unknown' });
  assert.match((await rig.flow(['graph', '//short', '--format', 'dot'])).stdout, /"copied" \[.*#dcfce7/);
});

test('of a video that was never built the plan of segments is to run, and the rest unknown until then', async () => {
  using rig = new Rig({ 'clip.wav': tinyWav() });
  const before = await documentOf(rig, 'run:clip.wav//tempo_extractor');
  assert.deepEqual(statuses(before), {
    segment_plan: 'to_run',
    audio_decode: 'unknown',
    tempo_extractor: 'unknown',
  });
  assert.equal((await rig.flow(['build', 'run:clip.wav//tempo_extractor', '--plain'])).status, 0);
  const built = await documentOf(rig, 'run:clip.wav//tempo_extractor');
  assert.deepEqual([...new Set(Object.values(statuses(built)))], ['cached']);
});

const refusals: Readonly<Record<string, readonly [args: string[], status: number, says: RegExp]>> = {
  'an unknown format': [['--format', 'dto'], 2, /^--format: config_invalid\n.*\n {2}Fix: Write "dot"/],
  'an unknown stage': [
    ['--stage', 'baselin'],
    2,
    /no stage is called "baselin"\.\n {2}Fix: Write "baseline"/,
  ],
  'an unknown component': [['//shrot'], 2, /no component is called "shrot"\.\n {2}Fix: Write "short"/],
  'a word that is no target': [['short'], 2, /Cannot build "short": it is not a target/],
  'a video that is not there': [['run:nix.mp4'], 1, /Cannot find the file "nix.mp4"/],
  'several videos': [
    ['run:*.wav'],
    2,
    /Cannot draw "run:\*\.wav": it is 2 runs.*\n {2}Fix: Write "run:a\.wav"/,
  ],
  'a walk without a terminal': [
    ['--format', 'tui'],
    2,
    /Cannot show the graph as "tui": standard input is no/,
  ],
};

describe('refused with a reason:', () => {
  const rig = new Rig({
    ...chain,
    'a.wav': tinyWav(),
    'b.wav': Buffer.concat([tinyWav(), Buffer.from('b')]),
  });
  after(() => rig[Symbol.dispose]());
  for (const [what, [args, status, says]] of Object.entries(refusals)) {
    test(what, async () => {
      const run = await rig.flow(['graph', ...args]);
      assert.match(run.stderr, says);
      assert.deepEqual([run.stdout, run.status], ['', status]);
    });
  }
});

test('a broken graph is told as a build tells it', async () => {
  using rig = new Rig({
    ...chain,
    'graphs/chain.yaml': 'schema_version: 1\ncomponents:\n  a: { rule: nix }\n',
  });
  const [drawn, built] = [await rig.flow(['graph', '//a']), await rig.flow(['build', '//a', '--plain'])];
  assert.match(drawn.stderr, /graphs\/chain\.yaml:3:14: graph_invalid/);
  assert.deepEqual([drawn.stderr, drawn.status], [built.stderr, built.status]);
});

test('a query knows the files that rules and inputs are made of', async () => {
  using rig = new Rig(chain);
  const ask = async (query: string, ...flags: readonly string[]): Promise<string> => {
    const run = await rig.flow(['query', query, ...flags]);
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };
  const own = '(copied + large + short)';
  assert.equal(await ask(`affected(rules/swell.ts) ^ ${own}`), 'large\nshort\n');
  assert.equal(await ask(`affected(in.txt)`), 'copied\nlarge\nshort\n');
  assert.equal(await ask(`affected(rules) ^ ${own}`), 'copied\nlarge\nshort\n');
  assert.equal(await ask(`affected(graphs/chain.yaml)`), 'copied\nlarge\nshort\n');
  assert.deepEqual(JSON.parse(await ask('path(//short, //copied)', '--json')), {
    schema_version: 1,
    query: 'path(//short, //copied)',
    components: ['copied', 'large', 'short'],
  });
  const drawn = await ask('copied + short + large', '--format', 'mermaid');
  assert.equal(drawn.match(/ --> /g)?.length, 2);

  const unknown = await rig.flow(['query', 'deps(shrot)']);
  assert.match(
    unknown.stderr,
    /^query:1:6: config_invalid\n.*\n {2}1 \| deps\(shrot\)\n {11}~~~~~\n {2}Fix: Write "short"/,
  );
  assert.equal(unknown.status, 2);
  const missing = await rig.flow(['query', 'affected(rules/sewll.ts)']);
  assert.match(missing.stderr, /Cannot tell what "rules\/sewll\.ts" affects: there is no such file/);
});
