/** The sample film for tests: made once on a machine, on first need. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeSample, readTruth, sampleStamp } from '../scripts/make_sample.ts';
import type { Truth } from '../scripts/sample/truth.ts';

export interface FilmFolder {
  /** Holds `sample.mp4`, `sample-portrait.mp4`, `sample-rotated.mp4`, `sample-silent.mp4`; not to be written to. */
  readonly dir: string;
  readonly truth: Truth;
}

/**
 * The film in `.flow/sample` if it is the present one, else in the system's temporary folder, where it stays.
 *
 * Test files run in processes of their own: the first makes the film, the others wait for it.
 *
 * @throws {FlowError} as `makeSample`
 */
export async function sampleFilm(): Promise<FilmFolder> {
  const stamp = await sampleStamp();
  const own = join(import.meta.dirname, '..', '.flow', 'sample');
  const truth = await readTruth(own);
  if (truth?.stamp === stamp) return { dir: own, truth };

  const dir = join(tmpdir(), `flow-sample-${stamp}`);
  await mkdir(dir, { recursive: true });
  return alone(join(dir, 'maker.pid'), async () => ({ dir, truth: (await makeSample(dir)).truth }));
}

async function alone<T>(lock: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(lock))) await setTimeout(100);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** A lock whose holder has died is taken away. Should two take it at once, both make the same bytes. */
async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => '0'));
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
