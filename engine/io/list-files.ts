/** All files below a folder, a few at a time: a large folder stalls nobody. */
import { type Dirent, lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Breather } from './breather.ts';

export interface FoundFile {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
  /** It has another name elsewhere: removing this one frees nothing. */
  readonly isLinked: boolean;
}

/** Links are not followed; what vanishes meanwhile is left out. */
export async function* listFiles(
  folder: string,
  breather: Breather = new Breather(),
): AsyncGenerator<FoundFile> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* listFiles(path, breather);
    else {
      const stats = statsOf(path);
      if (stats?.isFile())
        yield {
          path,
          name: entry.name,
          sizeBytes: stats.size,
          modifiedAtMs: stats.mtimeMs,
          isLinked: stats.nlink > 1,
        };
    }
    await breather.breathe();
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
