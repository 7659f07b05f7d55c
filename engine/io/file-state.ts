/** Has a file changed since it was last looked at? Told by what the file system keeps, without reading the file. */
import { type Stats, statSync } from 'node:fs';

/** Size, times and inode as one text: equal states mean equal content, if the state is settled. */
export type FileState = string & { readonly __brand: 'FileState' };

/**
 * How long after a change the file's times may still stay the same through another change: kernels stamp files
 * with a clock that ticks every 1 to 10 ms.
 */
const tickMs = 20;

/** On file systems that keep whole seconds (or, as FAT, every other one). */
const coarseTickMs = 2000;

/** @returns undefined if there is no such file, or none that could be looked at */
export function fileState(path: string): FileState | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats && stateOf(stats);
  } catch {
    return undefined;
  }
}

/** The change time is part of it: unlike the modification time, no program can set it back. */
export function stateOf({ size, mtimeMs, ctimeMs, ino }: Stats): FileState {
  return `${size} ${mtimeMs} ${ctimeMs} ${ino}` as FileState;
}

/** From when on a change of the file would show in its state; milliseconds since 1970. */
export function settlesAtMs(state: FileState): number {
  const [, mtimeMs, ctimeMs] = state.split(' ').map(Number);
  const isCoarse = mtimeMs! % 1000 === 0 && ctimeMs! % 1000 === 0;
  return Math.max(mtimeMs!, ctimeMs!) + (isCoarse ? coarseTickMs : tickMs);
}
