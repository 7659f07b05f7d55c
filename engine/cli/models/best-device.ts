/** What `device: auto` comes to on this machine, and whether models run on a device that is named. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type DeviceName, deviceNames } from '../../core/assigned-model.ts';
import { RealDisk, writeAtomically } from '../../io/disk.ts';
import { likelyDevices, ortVersion } from '../../io/inference/devices.ts';
import { loadCost } from '../../io/models/load-cost.ts';
import type { Workspace } from '../workspace.ts';
import { loadCatalog } from './load-catalog.ts';

/** Small, and always there. */
const probe = { name: 'scatter-embed', version: '1' };

/** Why no model runs on a device; the empty text if models do. */
const faultsSchema = z.partialRecord(z.enum(deviceNames), z.string());

type Faults = Readonly<z.output<typeof faultsSchema>>;

const foundSchema = z.strictObject({ of: z.string(), faults: faultsSchema });

/**
 * The first of the devices that seem to be there on which a model can be loaded. What was found is remembered until the
 * machine starts anew, or ONNX Runtime is another one.
 */
export async function bestDevice(workspace: Workspace): Promise<DeviceName> {
  const likely = likelyDevices();
  if (likely.length === 1) return likely[0]!; // The CPU.
  for (const device of likely) {
    if (device === 'cpu') break;
    if ((recall(workspace)[device] ?? (await attempt(device, workspace))) === '') return device;
  }
  return 'cpu';
}

/** Why no model runs on a device, in ONNX Runtime's words; undefined if models do. What did not work is tried again. */
export async function faultOfDevice(device: DeviceName, workspace: Workspace): Promise<string | undefined> {
  if (isKnownToWork(device, workspace)) return undefined;
  return (await attempt(device, workspace)) || undefined;
}

/** False where that has to be tried. */
export function isKnownToWork(device: DeviceName, workspace: Workspace): boolean {
  return device === 'cpu' || recall(workspace)[device] === '';
}

/** In a process of its own: drivers write to the terminal what they think of a machine. */
async function attempt(device: DeviceName, workspace: Workspace): Promise<string> {
  const { entry, folder } = loadCatalog(workspace).find(probe)!; // It comes with flow.
  const fault = await loadCost(join(folder, entry.files[0]!.path!), device).then(
    () => '',
    (error: Error) => error.message,
  );
  const found = { of: machine(), faults: { ...recall(workspace), [device]: fault } };
  // What cannot be written down is found out again.
  await writeAtomically(new RealDisk(), fileIn(workspace), JSON.stringify(found)).catch(() => undefined);
  return fault;
}

function recall(workspace: Workspace): Faults {
  try {
    const { of, faults } = foundSchema.parse(JSON.parse(readFileSync(fileIn(workspace), 'utf8')));
    return of === machine() ? faults : {};
  } catch {
    return {}; // Nobody has looked yet.
  }
}

function fileIn({ cacheFolder }: Workspace): string {
  return join(cacheFolder, 'devices.json');
}

function machine(): string {
  return `${bootOf()} ${ortVersion()} ${likelyDevices().join(' ')}`;
}

/** Another one after each start of the machine; where it says none, drivers are taken to stay as they are. */
function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return process.platform;
  }
}
