/** A process that uses a cache as a build does, says so, and then does nothing: `hold-cache.ts FOLDER`. */
import { CacheHold } from '../../engine/io/cache-hold.ts';

const [folder] = process.argv.slice(2);
if (folder !== undefined) {
  new CacheHold(folder);
  process.stdout.write('using\n');
  setInterval(() => undefined, 1000);
}
