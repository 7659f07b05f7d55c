/** A process that collects all of a cache, and is killed as by `kill -9` when it removes its Nth file: `collect-and-die.ts FOLDER N`. */
import { collectGarbage } from '../../cache/collect-garbage.ts';
import { openLocalStores } from '../../cache/local-stores.ts';
import { RealDisk } from '../../engine/io/disk.ts';

class DyingDisk extends RealDisk {
  #left: number;

  constructor(removals: number) {
    super();
    this.#left = removals;
  }

  override async remove(path: string): Promise<void> {
    this.#left -= 1;
    if (this.#left === 0) process.kill(process.pid, 'SIGKILL');
    await super.remove(path);
  }
}

const [folder, count] = process.argv.slice(2);
if (folder !== undefined) {
  const stores = openLocalStores(folder, { disk: new DyingDisk(Number(count)), onTrouble: console.error });
  const limits = { floorBytes: 0, minFreeBytes: 0, ceilingBytes: 0, maxAgeMs: undefined };
  await collectGarbage(stores, { limits, space: undefined });
}
