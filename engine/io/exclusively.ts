/** One process of this machine at a time. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const patienceMs = 30_000;

/**
 * Does something while no other process does anything under the same path. The lock is SQLite's, so that it ends with
 * the process that holds it, however that ends.
 *
 * @param path of a file that holds nothing
 */
export function exclusively<T>(path: string, work: () => T): T {
  mkdirSync(dirname(path), { recursive: true });
  const lock = new DatabaseSync(path, { timeout: patienceMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return work();
  } finally {
    lock.close();
  }
}
