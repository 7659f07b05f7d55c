import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { listFiles } from '../../engine/io/list-files.ts';

/** As if nothing in a cache had been made or used for so long. */
export async function makeOlder(cacheFolder: string, days: number): Promise<void> {
  const ms = days * 24 * 3_600_000;
  for (const [file, change] of [
    ['actions.db', 'UPDATE actions SET used_at = used_at - ?'],
    ['records.db', 'UPDATE uses SET at = at - ?'],
  ] as const) {
    using database = new DatabaseSync(join(cacheFolder, file));
    database.prepare(change).run(ms);
  }
  for await (const { path, modifiedAtMs } of listFiles(join(cacheFolder, 'cas'))) {
    const seconds = (modifiedAtMs - ms) / 1000;
    utimesSync(path, seconds, seconds);
  }
}
