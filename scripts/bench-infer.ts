/**
 * The benches of inference, as a table: `npm run bench:infer [-- NAME…]`.
 *
 * Figures of one run belong together; across machines and days only their ratios do.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { AssignedModel } from '../engine/core/assigned-model.ts';
import { digestOf } from '../engine/core/digest.ts';
import { modelEntrySchema } from '../engine/core/model-entry.ts';
import { itemsInChunk } from '../rules/dsp/infer-in-chunks.ts';
import { fileInMirror } from '../test/models/plain-model.ts';
import { type Benches, printBenches, type Row } from './bench/bench-table.ts';
import { differentFilms, film } from './bench/fixtures.ts';
import { type Measured, measure } from './bench/measure.ts';
import { type PlainLoop, PlainLoops } from './bench/plain-loop.ts';
import { SaturatedExecutor } from './bench/saturated-executor.ts';

const root = resolve(import.meta.dirname, '..');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flow-bench-infer-')));
const flow = join(root, 'dist/flow.js');
const cores = availableParallelism();
const rounds = 6;
const secondsEach = 2;
const warmUpSeconds = 10;
/** Different ones that a plain loop takes over and over. */
const loopItems = 16;
let builds = 0;
const ways = new Map<string, Promise<Way>>();

/** Everything that the profile `offline` asks for of the pictures. */
const plainDecode = [
  '-filter_complex',
  [
    '[0:v]split=4[a][b][c][d]',
    '[a]scale=128:72,format=rgb24[va]',
    '[b]fps=4,scale=256:144,format=rgb24[vb]',
    '[c]fps=1,scale=320:180,format=rgb24[vc]',
    '[d]fps=1,scale=192:108,format=rgb24[vd]',
  ].join(';'),
  ...['va', 'vb', 'vc', 'vd'].flatMap((name) => ['-map', `[${name}]`, '-f', 'null', '-']),
];

const models = [
  'scatter-embed/scatter-embed',
  'pyramid-lk/pyramid-lk',
  'mel-stats/mel-stats',
  'yunet/yunet',
  'yolox/yolox-nano',
  'osnet/osnet-x0-25',
];

const benches: Benches = { saturation, together, baseline, memory };

try {
  await printBenches(benches);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

// ---- The executor beside ONNX Runtime alone -------------------------------------------------------------------------

/**
 * The executor and ONNX Runtime alone do as much as they can, in turns. The bar is a loop over batches; where single items,
 * or threads of ONNX Runtime's own, are quicker, that is said too.
 */
async function saturation(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of models) {
    const { assigned, graphPath } = modelNamed(name);
    const items = itemsInChunk(assigned.model); // As rules ask.
    await using contestants = new AsyncDisposableStack();
    const executor = contestants.use(new SaturatedExecutor({ assigned, graphPath, cores, items }));
    const loops = waysOf(assigned, graphPath).map((way) => ({
      way,
      loops: contestants.use(new PlainLoops(way, way)),
    }));
    const contest = [executor, ...loops.map((one) => one.loops)];
    for (const contestant of contest) await contestant.rate(secondsEach);
    await executor.rate(warmUpSeconds); // It finds out about batches.
    const rates = await inTurns(contest);
    const [own, ...plain] = rates as [number[], ...number[][]];
    rows.push(
      saturationRow(
        name,
        own,
        loops.map(({ way }, at) => ({ way, rates: plain[at]! })),
      ),
    );
  }
  return rows;
}

interface Timed {
  readonly way: Way;
  /** Of each turn. */
  readonly rates: readonly number[];
}

function saturationRow(name: string, own: readonly number[], plain: readonly Timed[]): Row {
  const said = (best: Timed): string => {
    const ratio = median(best.rates.map((rate, round) => own[round]! / rate));
    return `${median(best.rates).toFixed(1)} ${nameOfWay(best.way)} = ${ratio.toFixed(2)}`;
  };
  const quickest = (timed: readonly Timed[]): Timed =>
    timed.toSorted((a, b) => median(b.rates) - median(a.rates))[0]!;
  const batched = plain.filter(({ way }) => way.batch > 1);
  const barred = quickest(batched.length > 0 ? batched : plain);
  const best = quickest(plain);
  const besides = best === barred ? '' : `; the quickest loop ${said(best)}`;
  return {
    what: `executor at saturation: ${name.split('/')[1]}`,
    figure: `${median(own).toFixed(1)} items a second, ONNX Runtime alone ${said(barred)}${besides}`,
    bar: '≥ 0.95',
  };
}

function nameOfWay({ batch, loops, intraOp }: Way): string {
  const items = batch === 1 ? 'one by one' : `in batches of ${batch}`;
  return loops === 1 && intraOp > 1 ? `${items} with ${intraOp} threads` : items;
}

/** @returns the rates of each. Whoever comes first is not always the same: machines slow down and speed up */
async function inTurns(contest: readonly { rate(seconds: number): Promise<number> }[]): Promise<number[][]> {
  const rates: number[][] = contest.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (let turn = 0; turn < contest.length; turn += 1) {
      const at = (round + turn) % contest.length;
      rates[at]!.push(await contest[at]!.rate(secondsEach));
    }
  return rates;
}

function modelNamed(name: string): { assigned: AssignedModel; graphPath: string } {
  const file = join(root, `rules/models/${name}.yaml`);
  const entry = modelEntrySchema.parse(parse(readFileSync(file, 'utf8')));
  const [graph] = entry.files;
  const graphPath = graph!.path === undefined ? fileInMirror(entry)! : join(dirname(file), graph!.path);
  const assigned: AssignedModel = {
    slot: 'slot',
    model: { entry, file, folder: dirname(file) },
    weightsDigest: digestOf(name),
    engine: 'onnx',
    engineVersion: 'onnxruntime',
    precision: 'fp32',
    device: 'cpu',
    memoryMiB: undefined,
  };
  return { assigned, graphPath };
}

type Way = PlainLoop & { readonly loops: number };

/** How ONNX Runtime can be given all cores. */
function waysOf({ model }: AssignedModel, graphPath: string): Way[] {
  const { entry } = model;
  const takesBatches = typeof entry.inputs[0]!.shape[0] === 'string';
  const shape = entry.inputs[0]!.shape.slice(1).map(Number);
  const loop = { graphPath, input: entry.inputs[0]!.name, shape, items: loopItems };
  return [
    { ...loop, batch: 1, intraOp: 1, loops: cores },
    ...(takesBatches ? [4, 8].map((batch) => ({ ...loop, batch, intraOp: 1, loops: cores })) : []),
    { ...loop, batch: takesBatches ? 8 : 1, intraOp: cores, loops: 1 },
  ];
}

async function quickestWay({ assigned, graphPath }: ReturnType<typeof modelNamed>): Promise<Way> {
  const timed: { way: Way; rate: number }[] = [];
  for (const way of waysOf(assigned, graphPath)) timed.push({ way, rate: await rateOf(way, way) });
  return timed.sort((a, b) => b.rate - a.rate)[0]!.way;
}

// ---- Builds ---------------------------------------------------------------------------------------------------------

/** Ten short films in one build, and one after the other. */
async function together(): Promise<Row[]> {
  const films = await differentFilms(folder, 10);
  const all = await build(films.map((path) => `run:${path}`));
  let alone = 0;
  for (const path of films) alone += (await build([`run:${path}`])).seconds;
  const figure = `${all.seconds.toFixed(1)} s together, ${alone.toFixed(1)} s one after the other = ${(alone / all.seconds).toFixed(2)} times`;
  return [{ what: 'ten short films, bundled models', figure, bar: '≥ 1.5 times where batching pays' }];
}

/**
 * The whole baseline of a minute in 720p, beside what cannot be had for less: one decode by ffmpeg of all that is asked
 * for, and the models by themselves, shared out among all cores: as many loops at once, however much cores get into each
 * other's way.
 */
async function baseline(): Promise<Row[]> {
  const path = await film(folder, 1);
  const times: (Least & { wallSec: number; decodeSec: number })[] = [];
  for (let round = 0; round < 3; round += 1) {
    const trace = join(folder, `trace-${round}.json`);
    const decodeSec = (await measure(['ffmpeg', '-v', 'error', '-i', path, ...plainDecode])).seconds;
    const { seconds: wallSec } = await build([`run:${path}`, '--trace', trace]);
    times.push({ wallSec, decodeSec, ...(await leastOfModels(itemsIn(trace))) });
  }
  const ratioOf = (time: (typeof times)[number]): number => time.wallSec / (time.decodeSec + time.sharedSec);
  const time = times.sort((x, y) => ratioOf(x) - ratioOf(y))[1]!; // The median.
  const { wallSec, decodeSec, aloneSec, sharedSec } = time;
  const parallelism = (aloneSec / sharedSec).toFixed(2);
  const parts = `one plain decode ${decodeSec.toFixed(1)} s + models alone ${aloneSec.toFixed(1)} s / ${parallelism}`;
  return [
    {
      what: 'whole baseline of 60 s of 720p, bundled models',
      figure: `${wallSec.toFixed(1)} s; ${parts} = ${(decodeSec + sharedSec).toFixed(1)} s: ${ratioOf(time).toFixed(2)} times`,
      bar: '≤ 1.15',
    },
  ];
}

/** Of all processes together, while the whole baseline is built. */
async function memory(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const minutes of [1, 4, 16]) {
    const { seconds, peakBytes } = await build([`run:${await film(folder, minutes)}`]);
    rows.push({
      what: `whole baseline of ${minutes} min of 720p, bundled models: peak memory`,
      figure: `${Math.round(peakBytes / 2 ** 20)} MiB, ${seconds.toFixed(1)} s`,
      bar: '< 1536 MiB, flat',
    });
  }
  return rows;
}

/** How many items each model was run on. */
function itemsIn(trace: string): Map<string, number> {
  const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: Span[] }; // What flow has written.
  const items = new Map<string, number>();
  for (const { cat, name, args } of traceEvents)
    if (cat === 'model') items.set(name, (items.get(name) ?? 0) + (args?.items ?? 0));
  return items;
}

interface Span {
  readonly cat?: string;
  readonly name: string;
  readonly args?: { readonly items?: number };
}

/** What ONNX Runtime alone takes for all items. */
interface Least {
  /** On one core, the others idle. */
  readonly aloneSec: number;
  /** On all cores at once. */
  readonly sharedSec: number;
}

async function leastOfModels(items: ReadonlyMap<string, number>): Promise<Least> {
  let [aloneSec, sharedSec] = [0, 0];
  for (const [name, count] of items) {
    const model = name.split(':')[0]!;
    const way = await wayOf(`${model}/${model}`);
    aloneSec += count / (await rateOf(way, { loops: 1 }));
    sharedSec += count / (await rateOf(way, way));
  }
  return { aloneSec, sharedSec };
}

/** The quickest one, found once a model. */
function wayOf(name: string): Promise<Way> {
  const known = ways.get(name) ?? quickestWay(modelNamed(name));
  ways.set(name, known);
  return known;
}

async function rateOf(way: Way, { loops }: { readonly loops: number }): Promise<number> {
  await using running = new PlainLoops(way, { loops });
  await running.rate(0.2); // All have loaded, and begin together.
  return await running.rate(1); // Before the threads are ended.
}

/** In a workspace and with a cache of its own. */
async function build(args: readonly string[]): Promise<Measured> {
  builds += 1;
  const workspace = join(folder, `workspace-${builds}`);
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'flow.yaml'), 'schema_version: 1\nprofile: offline\n');
  const cache = join(folder, `cache-${builds}`);
  const argv = [process.execPath, flow, 'build', ...args];
  const measured = await measure(argv, { cwd: workspace, env: { FLOW_CACHE_DIR: cache } });
  rmSync(cache, { recursive: true, force: true });
  return measured;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
