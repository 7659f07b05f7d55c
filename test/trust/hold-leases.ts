/** A process that takes the leases of actions, says so, and then does nothing: `hold-leases.ts FILE KEY…`. */
import { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { isDigest } from '../../engine/core/digest.ts';

export const holding = 'held\n';

const [path, ...keys] = process.argv.slice(2);
if (path !== undefined) {
  const leases = new SqliteLeases(path, console.error);
  const isHeld = keys.every((key) => isDigest(key) && leases.acquire(key));
  process.stdout.write(isHeld ? holding : 'not held\n');
  setInterval(() => undefined, 1000);
}
