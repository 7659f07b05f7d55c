/** An empty file that says something by being there: to who has to answer at once, and can afford no more than a look. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export class FileMark {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get isSet(): boolean {
    return existsSync(this.path);
  }

  /** Where there is no room for it, it is not set: nobody may rely on it for more than speed. */
  set(): void {
    try {
      if (this.isSet) return;
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileSync(this.path, '');
    } catch {
      // As said above.
    }
  }

  clear(): void {
    try {
      rmSync(this.path, { force: true });
    } catch {
      // Not ours to remove: whoever sees it takes the long way, which is always right.
    }
  }
}
