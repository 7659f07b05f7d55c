/**
 * Makes a film of which everything is known, for demonstrations and tests: `node scripts/make_sample.ts [--out DIR]`.
 *
 * ffmpeg's own sources draw and speak it, so nothing is downloaded and nobody's rights are touched. Beside
 * `sample.mp4` stand its variants (portrait, rotated, silent) and `truth.json` (scripts/sample/truth.ts).
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatError, toFlowError } from '../engine/core/errors.ts';
import { ffmpegVersion, findFont } from './sample/ffmpeg.ts';
import { makeSound, measureLoudness } from './sample/sound.ts';
import { type Truth, truthOf, truthSchema } from './sample/truth.ts';
import { drawPictures, joinVariants, landscape } from './sample/variants.ts';

export interface SampleFilm {
  readonly truth: Truth;
  /** False where the folder already held this very film. */
  readonly isNew: boolean;
}

/**
 * Makes the film in a folder, or finds it there. Files appear whole, and `truth.json` last: where it stands, all do.
 *
 * @param folder is made if it is missing; other files in it are left alone
 * @throws {FlowError} dependency_missing without ffmpeg or a font; rule_failed when ffmpeg lacks a part
 */
export async function makeSample(folder: string): Promise<SampleFilm> {
  const stamp = await sampleStamp();
  const known = await readTruth(folder);
  if (known?.stamp === stamp && (await isWhole(folder, known))) return { truth: known, isNew: false };

  await mkdir(folder, { recursive: true });
  const staging = await mkdtemp(join(folder, '.making-'));
  try {
    const truth = await makeIn(staging, stamp);
    await publish({ truth, from: staging, to: folder });
    return { truth, isNew: true };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Digest of all that decides the film's bytes: these scripts, ffmpeg and the font. */
export async function sampleStamp(): Promise<string> {
  const parts = join(import.meta.dirname, 'sample');
  const sources = (await readdir(parts)).sort().map((name) => join(parts, name));
  const hash = createHash('sha256').update(await ffmpegVersion());
  for (const path of [import.meta.filename, ...sources, await findFont()]) {
    const content = await readFile(path);
    hash.update(`\n${basename(path)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/** The truth beside a film, or undefined where there is none that can be read. */
export async function readTruth(folder: string): Promise<Truth | undefined> {
  try {
    return truthSchema.parse(JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')));
  } catch {
    return undefined; // Absent, torn or of another version: the film is made anew.
  }
}

async function isWhole(folder: string, { variants }: Truth): Promise<boolean> {
  const sizes = variants.map(async ({ file, bytes }) => (await stat(join(folder, file))).size === bytes);
  return (await Promise.all(sizes).catch(() => [false])).every(Boolean);
}

async function makeIn(folder: string, stamp: string): Promise<Truth> {
  const [sound] = await Promise.all([makeSound(folder), drawPictures(folder, await findFont())]);
  const variants = await joinVariants(folder);
  const loudness = await measureLoudness(join(folder, 'sample.mp4'));
  return truthOf({ stamp, sound, loudness, size: landscape, variants });
}

/** The old truth goes first and the new one comes last, so that no truth ever stands beside another film's files. */
async function publish({ truth, from, to }: { truth: Truth; from: string; to: string }): Promise<void> {
  await rm(join(to, 'truth.json'), { force: true });
  for (const { file } of truth.variants) await rename(join(from, file), join(to, file));
  await writeFile(join(from, 'truth.json'), `${JSON.stringify(truth, undefined, 2)}\n`);
  await rename(join(from, 'truth.json'), join(to, 'truth.json'));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: join('.flow', 'sample') } } });
  const { truth, isNew } = await makeSample(values.out);
  process.stderr.write(isNew ? 'Made the sample film.\n' : 'The sample film is up to date.\n');
  for (const { file } of truth.variants) process.stdout.write(`${join(values.out, file)}\n`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${formatError(toFlowError(error))}\n`);
    process.exitCode = 1;
  });
}
