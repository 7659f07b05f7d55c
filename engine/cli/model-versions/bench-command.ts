/** `flow models bench`: how fast models are here, on one core and on all. */
import { availableParallelism } from 'node:os';
import type { DeviceName } from '../../core/assigned-model.ts';
import { FlowError, printable } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { deviceMissing } from '../../io/inference/inference-errors.ts';
import { inspectOnnx } from '../../io/models/inspect-onnx.ts';
import { loadCost } from '../../io/models/load-cost.ts';
import type { LoadCost } from '../../io/models/onnx-load.ts';
import { sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { bestDevice, faultOfDevice } from '../models/best-device.ts';
import { chooseModels } from '../models/choose-models.ts';
import { type ModelsFlags, openModels } from '../models/open-models.ts';
import { textTable } from '../text-table.ts';
import type { Workspace } from '../workspace.ts';
import { noiseFeeds } from './noise-feeds.ts';
import { ModelThread, type RunModel } from './running-model.ts';

export interface BenchFlags extends ModelsFlags {
  readonly device: 'auto' | DeviceName;
  readonly batch: number;
  readonly seconds: number;
}

interface Measured extends LoadCost {
  readonly model: string;
  readonly device: DeviceName;
  readonly batch: number;
  readonly one: Pace;
  /** On as many threads as there are cores; on a GPU there is one. */
  readonly all: Pace & { readonly threads: number };
}

interface Pace {
  readonly itemsPerSec: number;
  /** Of one item, its batch's time shared out. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** @throws {FlowError} */
export async function benchCommand(words: readonly string[], flags: BenchFlags): Promise<void> {
  using models = openModels(flags);
  const chosen = chooseModels(words, models.catalog);
  const device = await deviceFor(chosen[0]!, flags, models.workspace); // There is one at least.
  const measured: Measured[] = [];
  for (const model of chosen) {
    refuseBatch(model, flags.batch);
    const path = await models.store.open(model);
    await inspectOnnx(path);
    measured.push(await measure({ model, path }, { ...flags, device }));
  }
  process.stdout.write(flags.json ? jsonLine({ models: measured }) : printable(table(measured)));
}

/** @throws {FlowError} `dependency_missing` for a device on which nothing runs here */
async function deviceFor(
  { entry }: CatalogModel,
  { device }: BenchFlags,
  workspace: Workspace,
): Promise<DeviceName> {
  if (device === 'auto') return bestDevice(workspace);
  const fault = await faultOfDevice(device, workspace);
  if (fault === undefined) return device;
  const { code, blame, message } = deviceMissing(modelName(entry), device, fault);
  const fix = 'Leave out --device for the best that is there. `flow doctor` shows the devices of a machine.';
  throw new FlowError({ code, blame, where: '--device', message, fix });
}

interface Source {
  readonly model: CatalogModel;
  readonly path: string;
}

interface Setting {
  readonly device: DeviceName;
  readonly batch: number;
  readonly seconds: number;
}

async function measure(source: Source, setting: Setting): Promise<Measured> {
  const { device, batch, seconds } = setting;
  const { entry } = source.model;
  await using first = new ModelThread(device);
  const run = await first.load(entry, source.path);
  const feeds = noiseFeeds(entry, batch);
  await run(feeds); // The first time, memory is found for everything.
  const { loadMs, memoryBytes } = await loadCost(source.path, device);
  const one = paceOf([await times(run, feeds, seconds)], setting);
  const threads = device === 'cpu' ? availableParallelism() : 1;
  await using others = new AsyncDisposableStack();
  const runs = [run];
  while (runs.length < threads) runs.push(await others.use(new ModelThread(device)).load(entry, source.path));
  const all = paceOf(await Promise.all(runs.map((each) => times(each, feeds, seconds))), setting);
  const model = modelName(entry);
  return { model, device, batch, loadMs, memoryBytes, one, all: { ...all, threads } };
}

/** Milliseconds of each run, one after the other for so long. */
async function times(run: RunModel, feeds: Parameters<RunModel>[0], seconds: number): Promise<number[]> {
  const all: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  do {
    const startedMs = performance.now();
    await run(feeds);
    all.push(performance.now() - startedMs);
  } while (performance.now() < endMs);
  return all;
}

/** @param lanes times of each thread */
function paceOf(lanes: readonly (readonly number[])[], { batch }: Setting): Pace {
  const sorted = lanes.flat().sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]! / batch;
  const perSec = lanes.map((lane) => (1000 * batch * lane.length) / lane.reduce((sum, one) => sum + one, 0));
  return { itemsPerSec: perSec.reduce((sum, one) => sum + one, 0), p50Ms: at(0.5), p95Ms: at(0.95) };
}

function table(measured: readonly Measured[]): string {
  const right = (title: string, pick: (one: Measured) => string) => ({
    title,
    cells: measured.map(pick),
    isRight: true,
  });
  const lines = textTable([
    { title: 'MODEL', cells: measured.map(({ model }) => model) },
    { title: 'DEVICE', cells: measured.map(({ device }) => device) },
    right('ITEMS/S', ({ one }) => one.itemsPerSec.toFixed(1)),
    right('MS P50', ({ one }) => one.p50Ms.toFixed(2)),
    right('P95', ({ one }) => one.p95Ms.toFixed(2)),
    right('THREADS', ({ all }) => String(all.threads)),
    right('ITEMS/S', ({ all }) => all.itemsPerSec.toFixed(1)),
    right('LOAD MS', ({ loadMs }) => loadMs.toFixed(0)),
    right('MEMORY', ({ memoryBytes }) => sizeText(memoryBytes)),
  ]);
  return `${lines.join('\n')}\n`;
}

/** @throws {FlowError} `config_invalid` if the model takes another number of items */
function refuseBatch({ entry }: CatalogModel, batch: number): void {
  const taken = entry.inputs[0]!.shape[0];
  if (typeof taken !== 'number' || taken === batch) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--batch',
    message: `Cannot run ${modelName(entry)} with ${batch} items at once: it takes ${taken}.`,
    fix: `Write --batch ${taken}.`,
  });
}
