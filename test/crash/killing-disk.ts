import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { RealDisk } from '../../engine/io/disk.ts';

export type KillMoment = 'before' | 'in the middle of' | 'after';

/** Ends the process that it is used in, as `kill -9` does, at one of the lines that are added to journals. */
export class KillingDisk extends RealDisk {
  readonly #at: number;
  readonly #moment: KillMoment;
  #lines = 0;

  /** @param at number of the line, from 1 */
  constructor(at: number, moment: KillMoment) {
    super();
    this.#at = at;
    this.#moment = moment;
  }

  override append(path: string, text: string): number {
    this.#lines += 1;
    if (this.#lines !== this.#at) return super.append(path, text);
    if (this.#moment === 'in the middle of') tear(path, text);
    if (this.#moment === 'after') super.append(path, text);
    process.kill(process.pid, 'SIGKILL');
    throw new Error('this process lives on');
  }
}

/** Adds half of a line. */
function tear(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, text.slice(0, text.length >> 1));
}
