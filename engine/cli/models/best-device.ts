/** What `device: auto` comes to on this machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type DeviceName, deviceNames } from '../../core/assigned-model.ts';
import { RealDisk, writeAtomically } from '../../io/disk.ts';
import { likelyDevices, ortVersion } from '../../io/inference/devices.ts';
import { OrtBackend } from '../../io/inference/ort-backend.ts';
import type { Workspace } from '../workspace.ts';
import { loadCatalog } from './load-catalog.ts';

/** Small, and always there. */
const probe = { name: 'scatter-embed', version: '1' };

const foundSchema = z.strictObject({ of: z.string(), device: z.enum(deviceNames) });

/**
 * The first of the devices that seem to be there on which a model can be loaded. What was found is remembered until the
 * machine starts anew, or ONNX Runtime is another one.
 */
export async function bestDevice(workspace: Workspace): Promise<DeviceName> {
  const likely = likelyDevices();
  if (likely.length === 1) return likely[0]!; // The CPU.
  const file = join(workspace.cacheFolder, 'devices.json');
  const of = `${bootOf()} ${ortVersion()} ${likely.join(' ')}`;
  const known = read(file);
  if (known?.of === of) return known.device;
  const device = await firstThatWorks(likely, workspace);
  // What cannot be written down is found out again.
  await writeAtomically(new RealDisk(), file, JSON.stringify({ of, device })).catch(() => undefined);
  return device;
}

async function firstThatWorks(devices: readonly DeviceName[], workspace: Workspace): Promise<DeviceName> {
  for (const device of devices) if (device === 'cpu' || (await works(device, workspace))) return device;
  return 'cpu';
}

async function works(device: DeviceName, workspace: Workspace): Promise<boolean> {
  const { entry, folder } = loadCatalog(workspace).find(probe)!; // It comes with flow.
  await using backend = new OrtBackend(device);
  try {
    await backend.load(
      { entry, graphPath: join(folder, entry.files[0]!.path!) },
      new AbortController().signal,
    );
    return true;
  } catch {
    return false; // Why not is said by `flow doctor`, which tries it as well.
  }
}

function read(file: string): z.output<typeof foundSchema> | undefined {
  try {
    return foundSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined; // Nobody has looked yet.
  }
}

/** Another one after each start of the machine; where it says none, drivers are taken to stay as they are. */
function bootOf(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return process.platform;
  }
}
