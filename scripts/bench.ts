/**
 * The benches of docs/performance.md, as a table: `npm run bench [-- NAME…]`.
 *
 * Figures of one run belong together; across machines and days only their ratios do.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { digestOf } from '../engine/core/digest.ts';
import { hashFile } from '../engine/io/hash-file.ts';
import { type Benches, printBenches, type Row } from './bench/bench-table.ts';
import { bookkeepingMs } from './bench/bookkeeping.ts';
import { brightnessRule, differentFilms, film, trivialWorkspace } from './bench/fixtures.ts';
import { type Measured, measure, medianSeconds } from './bench/measure.ts';
import { Watching } from './bench/watching.ts';

const flow = resolve(import.meta.dirname, '../dist/flow.js');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flow-bench-')));
const repeats = 7;

const views = [
  { fps: 30, width: 128, height: 72 },
  { fps: 1, width: 320, height: 180 },
];
const plainGraph = `[0:v]split[a][b];${views.map(({ fps, width, height }, index) => `[${'ab'[index]}]fps=${fps}:round=up,scale=${width}:${height},format=rgb24[o${index}]`).join(';')}`;
const plainOutputs = views.flatMap((_, index) => [
  '-map',
  `[o${index}]`,
  '-f',
  'rawvideo',
  '-y',
  '/dev/null',
]);

const benches: Benches = {
  machine,
  noop,
  overhead,
  hashing,
  upToDateRun,
  decode,
  linear,
  memory,
  start,
  watch,
  bookkeeping,
};

try {
  await printBenches(benches);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What this machine does without flow, to read the other lines by. */
async function machine(): Promise<Row[]> {
  const start = await medianSeconds(repeats, () => measure([process.execPath, '-e', '0']));
  const ffmpegStart = await medianSeconds(repeats, () =>
    measure(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'color=s=16x16:d=0.04', '-f', 'null', '-']),
  );
  const model = `${cpus()[0]!.model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return [
    { what: 'machine', figure: `${model}, Node ${process.version}`, bar: '' },
    { what: 'an empty Node process', figure: ms(start), bar: '' },
    { what: 'an empty ffmpeg process', figure: ms(ffmpegStart), bar: '' },
    { what: 'BLAKE3 in memory', figure: `${(await rawHashRate()).toFixed(2)} GB/s`, bar: '' },
  ];
}

async function noop(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [count, bar] of [
    [1000, '< 100 ms'],
    [10_000, '< 300 ms'],
  ] as const) {
    const workspace = join(folder, `noop-${count}`);
    trivialWorkspace(workspace, count);
    const build = (): Promise<Measured> => run(workspace, ['build', '//...', '-q']);
    await build();
    rows.push({
      what: `no-op of ${count} components, whole process`,
      figure: ms(await medianSeconds(repeats, build)),
      bar,
    });
    writeFileSync(join(workspace, 'inputs/7.txt'), 'changed\n');
    const changed = await build();
    rows.push({
      what: `one of ${count} inputs changed, whole process`,
      figure: ms(changed.seconds),
      bar: '',
    });
  }
  return rows;
}

/** Fresh builds of many components and of one differ by the cost of the actions between. */
async function overhead(): Promise<Row[]> {
  const many = 2000;
  const seconds = new Map<number, number>();
  for (const count of [1, many]) {
    const fresh = async (): Promise<Measured> => {
      const workspace = join(folder, `overhead-${count}`);
      rmSync(workspace, { recursive: true, force: true });
      rmSync(join(folder, 'cache'), { recursive: true, force: true });
      trivialWorkspace(workspace, count);
      return { ...(await run(workspace, ['build', '//...', '--json', '-q'])), seconds: 0 };
    };
    const durations: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      const { stdout } = await fresh();
      durations.push((JSON.parse(stdout) as { duration_ms: number }).duration_ms / 1000);
    }
    seconds.set(count, durations.sort((a, b) => a - b)[1]!);
  }
  const each = (seconds.get(many)! - seconds.get(1)!) / (many - 1);
  return [
    {
      what: `a trivial in-process action, of ${many} in a first build (YAML and graph included)`,
      figure: `${(each * 1000).toFixed(3)} ms`,
      bar: '≤ 0.5 ms',
    },
  ];
}

async function hashing(): Promise<Row[]> {
  const path = join(folder, 'large.bin');
  writeFileSync(path, Buffer.alloc(2 ** 30, 'content of a large file'));
  await hashFile(path, 2 ** 30); // Into the page cache.
  let [raw, ofFile] = [0, 0];
  for (let index = 0; index < 5; index += 1) {
    raw = Math.max(raw, await rawHashRate());
    const startedMs = performance.now();
    await hashFile(path, 2 ** 30);
    ofFile = Math.max(ofFile, 2 ** 30 / 1e6 / (performance.now() - startedMs));
  }
  rmSync(path);
  return [
    {
      what: 'hashing a 1 GiB file, of raw BLAKE3',
      figure: `${ofFile.toFixed(2)} GB/s = ${(ofFile / raw).toFixed(2)}`,
      bar: '≥ 0.8',
    },
  ];
}

async function rawHashRate(): Promise<number> {
  const block = new Uint8Array(2 ** 28).fill(7);
  digestOf(block);
  const startedMs = performance.now();
  digestOf(block);
  return block.length / 1e6 / (performance.now() - startedMs);
}

async function upToDateRun(): Promise<Row[]> {
  const workspace = emptyWorkspace('up-to-date');
  const video = await film(folder, 1);
  const build = (): Promise<Measured> =>
    run(workspace, ['build', `run:${video}`, '--stage', 'baseline', '-q']);
  const first = await build();
  const again = await medianSeconds(repeats, build);
  rmSync(join(workspace, '.flow/up-to-date'), { recursive: true });
  const cached = await build();
  return [
    { what: 'baseline of 60 s of 720p, first build', figure: `${first.seconds.toFixed(2)} s`, bar: '' },
    { what: 'the same, up to date', figure: ms(again), bar: '≤ 150 ms' },
    { what: 'the same, every action looked up in the cache', figure: ms(cached.seconds), bar: '' },
  ];
}

/** The pictures of the baseline, by flow and by one plain ffmpeg that scales to the same sizes at the same rates. */
async function decode(): Promise<Row[]> {
  const video = await film(folder, 4);
  const workspace = emptyWorkspace('decode');
  decodeOnly(workspace);
  const [flows, plains]: [number[], number[]] = [[], []];
  for (let index = 0; index < 3; index += 1) {
    for (const name of ['cache', 'decode/.flow'])
      rmSync(join(folder, name), { recursive: true, force: true });
    flows.push((await run(workspace, ['build', `run:${video}//sink`, '-q'])).seconds);
    plains.push(
      (await measure(['ffmpeg', '-v', 'error', '-i', video, '-filter_complex', plainGraph, ...plainOutputs]))
        .seconds,
    );
  }
  const [ours, plain] = [Math.min(...flows), Math.min(...plains)];
  const figure = `${ours.toFixed(2)} s / ${plain.toFixed(2)} s = ${(ours / plain).toFixed(2)}`;
  return [
    {
      what: 'decode of 4 min of 720p (whole process: plan, decode, hash), of one plain ffmpeg',
      figure,
      bar: '≤ 1.2',
    },
  ];
}

/** Two components that ask for the baseline's pictures and do nothing with them. */
function decodeOnly(workspace: string): void {
  const rule = `import { defineRule, input, npz, vector } from 'flow';
import { z } from 'zod';

const frames = npz({ rgb: { dtype: 'uint8', shape: ['N', 'H', 'W', 3] }, frame_indices: { dtype: 'int32', shape: ['N'] } }, { isEphemeral: true });

export const sink = defineRule({
  name: 'sink',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    ${views.map((view, index) => `view${index}: input(frames, { request: (_sampling) => (${JSON.stringify(view)}) }),`).join('\n    ')}
  },
  outputs: { count: npz({ frames: { dtype: 'int32', shape: ['S'] } }) },
  run: ({ inputs }) => ({ count: { frames: vector('int32', [inputs.view0.frame_indices.data.length]) } }),
});
`;
  for (const name of ['rules', 'graphs']) mkdirSync(join(workspace, name), { recursive: true });
  writeFileSync(join(workspace, 'rules/sink.ts'), rule);
  const inputs = views.map((_, index) => `view${index}: decode.frames`).join(', ');
  writeFileSync(
    join(workspace, 'graphs/sink.yaml'),
    `schema_version: 1\ncomponents:\n  sink: { rule: sink, inputs: { ${inputs} } }\n`,
  );
}

async function linear(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const minutes of [1, 4, 16]) {
    const video = await film(folder, minutes);
    const { seconds, peakBytes } = await freshBaseline(`length-${minutes}`, [video]);
    rows.push({
      what: `baseline of ${minutes} min of 720p `,
      figure: `${seconds.toFixed(1)} s = ${(seconds / minutes).toFixed(2)} s a minute, ${mib(peakBytes)}`,
      bar: 'linear',
    });
  }
  for (const count of [2, 8, 32]) {
    const { seconds, peakBytes } = await freshBaseline(
      `videos-${count}`,
      await differentFilms(folder, count),
    );
    rows.push({
      what: `baseline of ${count} videos of 20 s of 360p`,
      figure: `${seconds.toFixed(1)} s = ${(seconds / count).toFixed(2)} s a video, ${mib(peakBytes)}`,
      bar: 'linear',
    });
  }
  return rows;
}

async function memory(): Promise<Row[]> {
  const { seconds, peakBytes } = await freshBaseline('hour', [await film(folder, 60)]);
  return [
    {
      what: 'baseline of 1 hour of 720p: peak memory of all processes',
      figure: `${mib(peakBytes)}, ${seconds.toFixed(0)} s`,
      bar: '< 1024 MiB',
    },
  ];
}

/** Commands that a person waits for. */
async function start(): Promise<Row[]> {
  const workspace = emptyWorkspace('start');
  const video = await film(folder, 1);
  await run(workspace, ['build', `run:${video}`, '-q']);
  const rows: Row[] = [];
  for (const words of [['--help'], ['runs'], ['show', `run:${video}`], ['why', `run:${video}`]]) {
    const seconds = await medianSeconds(repeats, () => run(workspace, words));
    const bar = words[0] === '--help' || words[0] === 'runs' ? '< 100 ms' : '';
    rows.push({ what: `flow ${words[0]}, whole process`, figure: ms(seconds), bar });
  }
  return rows;
}

/** From the edit of a rule to its result, less what the rule's own actions take. */
async function watch(): Promise<Row[]> {
  const workspace = emptyWorkspace('watch');
  const video = await film(folder, 1);
  const [rule, source] = brightnessRule(workspace);
  const latencies: number[] = [];
  await using watching = new Watching(flow, [`run:${video}//brightness`], {
    cwd: workspace,
    env: { FLOW_CACHE_DIR: join(folder, 'cache') },
  });
  await watching.untilDone();
  for (let index = 0; index < 2 * repeats; index += 1) {
    const startedMs = performance.now();
    writeFileSync(rule, source.replace('gain = 1', `gain = ${index + 2}`));
    const said = await watching.untilDone();
    const ownMs = Number(/brightness +([\d.]+) s/.exec(said)?.[1]) * 1000;
    if (index >= repeats) latencies.push(performance.now() - startedMs - ownMs); // The first ones warm up.
  }
  const median = latencies.sort((a, b) => a - b)[latencies.length >> 1]!;
  return [
    {
      what: 'flow watch: edit of a rule to its result on 60 s of 720p, less the rule’s own work',
      figure: `${Math.round(median)} ms`,
      bar: '≤ 300 ms',
    },
  ];
}

/** The events of a baseline build are told again to those who write them down. */
async function bookkeeping(): Promise<Row[]> {
  const video = await film(folder, 4);
  const workspace = emptyWorkspace('bookkeeping');
  rmSync(join(folder, 'cache'), { recursive: true, force: true });
  const { seconds } = await run(workspace, ['build', `run:${video}`, '-q', '--events', 'events.ndjson']);
  const ownMs = await bookkeepingMs(join(workspace, 'events.ndjson'), join(workspace, 'again'));
  const figure = `${ownMs.toFixed(0)} ms of ${seconds.toFixed(1)} s = ${(ownMs / seconds / 10).toFixed(2)} %`;
  return [
    { what: 'journal, checkpoints and history, of the baseline of 4 min of 720p', figure, bar: '< 2 %' },
  ];
}

function freshBaseline(name: string, videos: readonly string[]): Promise<Measured> {
  rmSync(join(folder, 'cache'), { recursive: true, force: true });
  return run(emptyWorkspace(name), [
    'build',
    ...videos.map((video) => `run:${video}`),
    '--stage',
    'baseline',
    '-q',
  ]);
}

function emptyWorkspace(name: string): string {
  const workspace = join(folder, name);
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'flow.yaml'), 'schema_version: 1\nprofile: offline\n'); // Nothing is fetched.
  return workspace;
}

function run(cwd: string, args: readonly string[]): Promise<Measured> {
  return measure([process.execPath, flow, ...args], { cwd, env: { FLOW_CACHE_DIR: join(folder, 'cache') } });
}

function ms(seconds: number): string {
  return `${Math.round(seconds * 1000)} ms`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
