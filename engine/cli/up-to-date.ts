/**
 * Remembers a build that left nothing to do, by the states of everything that it read and wrote. As long as none
 * of them has changed, the same command has nothing to do, and can say so without reading a graph.
 *
 * This module is all that such a build loads: it imports nothing that takes time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../io/disk.ts';
import { type FileState, fileState } from '../io/file-state.ts';
import { xxh64Of } from '../io/xxh64.ts';

export interface UpToDate {
  /** What the command prints: text, or JSON if it was asked for. */
  readonly message: string;
  /** `null` for what must not be there. */
  readonly files: Readonly<Record<string, FileState | null>>;
}

/** What a command's outcome depends on besides files: its words, where it is given, and the environment. */
function recordPath(stateFolder: string, hash: string): string {
  return join(stateFolder, 'up-to-date', `${hash}.json`);
}

async function commandHash(argv: readonly string[]): Promise<string> {
  const environment = Object.entries(process.env).filter(([name]) =>
    /^(FLOW_|S3_|CI$|NO_COLOR$|PATH$)/.test(name),
  );
  return xxh64Of(JSON.stringify([argv, process.cwd(), environment.sort()]));
}

/** The message of the remembered build, if nothing has changed since. */
export async function readUpToDate(
  stateFolder: string,
  argv: readonly string[],
): Promise<string | undefined> {
  const record = await readRecord(recordPath(stateFolder, await commandHash(argv)));
  if (!record) return undefined;
  for (const path in record.files) if ((fileState(path) ?? null) !== record.files[path]) return undefined;
  return record.message;
}

async function readRecord(path: string): Promise<UpToDate | undefined> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined; // Never built, or not readable: the long way round is always right.
  }
  const body = text.slice(17);
  return (await xxh64Of(body)) === text.slice(0, 16) ? (JSON.parse(body) as UpToDate) : undefined;
}

export async function writeUpToDate(
  disk: Disk,
  stateFolder: string,
  argv: readonly string[],
  record: UpToDate,
): Promise<void> {
  const path = recordPath(stateFolder, await commandHash(argv));
  const body = JSON.stringify(record);
  const { writeAtomically } = await import('../io/disk.ts'); // Whoever writes has loaded it anyway.
  await writeAtomically(disk, path, `${await xxh64Of(body)}\n${body}`);
}
