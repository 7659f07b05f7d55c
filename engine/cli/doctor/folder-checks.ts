/** The folders that builds write to: whether they can, on what, and how much room there is. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, opendir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileReason } from '../../core/errors.ts';
import { durationText, sizeText } from '../duration-text.ts';
import { shown } from '../shown-path.ts';
import type { Workspace } from '../workspace.ts';
import type { Check, Finding } from './finding.ts';

const leastFreeBytes = 256 * 2 ** 20;
const scarceFreeBytes = 5 * 2 ** 30;
const skewMs = 2000;
/** The size of a large cache is told as far as it is known by then. */
const sizingMs = 1000;

export function folderChecks({
  cacheFolder,
  resultsFolder,
  runStatesFolder,
  outFolder,
  stateFolder,
}: Workspace): Check[] {
  const others = { results: resultsFolder, states: runStatesFolder, out: outFolder, '.flow': stateFolder };
  return [
    { area: 'folders', name: 'cache', examine: () => examineCache(cacheFolder) },
    ...Object.entries(others).map(([name, folder]): Check => {
      return { area: 'folders', name, examine: async () => [await examineFolder(name, folder)] };
    }),
  ];
}

async function examineCache(cacheFolder: string): Promise<Finding[]> {
  const folder = await examineFolder('cache', cacheFolder);
  if (folder.level === 'fail') return [folder];
  const place = await existingPart(cacheFolder);
  return [folder, await fileSystem(place), await room(place), await clock(place)];
}

/** Writes a file there; a folder that is not there yet has to find one above it that can be written to. */
async function examineFolder(name: string, folder: string): Promise<Finding> {
  const place = await existingPart(folder);
  try {
    if (place === folder) await rm(await writeProbe(folder));
    else await access(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const found = `${shown(folder)} cannot be written to: ${fileReason(error as NodeJS.ErrnoException)}`;
    return { name, level: 'fail', found, fix: fixes[name] ?? 'Make it writable.' };
  }
  const size = name === 'cache' && place === folder ? `, ${await sizeOf(folder)}` : '';
  const note = place === folder ? size : ', not there yet';
  return { name, level: 'pass', found: `${shown(folder)}${note}` };
}

const fixes: Readonly<Record<string, string>> = {
  cache: 'Make it writable, or name another place in FLOW_CACHE_DIR.',
  results: 'Make it writable, or set "results" in flow.yaml.',
  states: 'Make it writable, or set "state" in flow.yaml.',
  out: 'Make it writable, or set "out" in flow.yaml.',
};

/** The folder itself, or the nearest one above it that is there. */
async function existingPart(folder: string): Promise<string> {
  for (let place = folder; ; place = dirname(place)) {
    const isThere = await stat(place).catch(() => undefined);
    if (isThere || dirname(place) === place) return place;
  }
}

async function writeProbe(folder: string): Promise<string> {
  const path = join(folder, `.doctor-${randomUUID()}`);
  await writeFile(path, 'x', { flag: 'wx' });
  return path;
}

async function sizeOf(folder: string): Promise<string> {
  const untilMs = performance.now() + sizingMs;
  let bytes = 0;
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (performance.now() > untilMs) return `more than ${sizeText(bytes)}`;
    if (!entry.isFile()) continue;
    const state = await stat(join(entry.parentPath, entry.name)).catch(() => undefined); // A build may delete it.
    bytes += state?.size ?? 0;
  }
  return sizeText(bytes);
}

/** By the numbers that Linux gives its file systems; those at the end are reached over a network. */
const fileSystems: Readonly<Record<number, { readonly name: string; readonly isRemote?: boolean }>> = {
  61267: { name: 'ext4' },
  1481003842: { name: 'XFS' },
  2435016766: { name: 'Btrfs' },
  801189825: { name: 'ZFS' },
  4076150800: { name: 'F2FS' },
  16914836: { name: 'tmpfs' },
  2035054128: { name: 'overlayfs' },
  26985: { name: 'NFS', isRemote: true },
  4283649346: { name: 'CIFS', isRemote: true },
  4266872130: { name: 'SMB', isRemote: true },
  1702057286: { name: 'FUSE', isRemote: true },
  16914839: { name: '9P', isRemote: true },
};

async function fileSystem(place: string): Promise<Finding> {
  const { type } = await statfs(place);
  const { name, isRemote } = fileSystems[type] ?? { name: `of type 0x${type.toString(16)}` };
  if (!isRemote) return { name: 'file system', level: 'pass', found: name };
  return {
    name: 'file system',
    level: 'warn',
    found: `${name}: its locks may not hold between processes`,
    fix: 'Name a folder on a disk of this machine in FLOW_CACHE_DIR.',
  };
}

async function room(place: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(place);
  const free = bavail * bsize;
  const found = `${sizeText(free)} free of ${sizeText(blocks * bsize)}`;
  const level = free < leastFreeBytes ? 'fail' : free < scarceFreeBytes ? 'warn' : 'pass';
  const fix = 'Free some space, or name a folder on another disk in FLOW_CACHE_DIR.';
  return { name: 'disk', level, found, ...(level !== 'pass' && { fix }) };
}

/** What has changed is told by times of files: they have to agree with the clock. */
async function clock(place: string): Promise<Finding> {
  const path = await writeProbe(place).catch(() => undefined);
  if (path === undefined) return { name: 'clock', level: 'info', found: 'not compared with the disk' };
  const { mtimeMs } = await stat(path);
  const apartMs = Math.abs(mtimeMs - Date.now());
  await rm(path);
  if (apartMs < skewMs) return { name: 'clock', level: 'pass', found: 'agrees with the times of files' };
  return {
    name: 'clock',
    level: 'warn',
    found: `${durationText(apartMs)} apart from the times of files in ${shown(place)}`,
    fix: 'Set the clocks of this machine and of its file server by a time server.',
  };
}
