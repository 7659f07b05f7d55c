/** The run that a word of the command line names. */
import { type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { videoIdOf } from '../../core/identity.ts';
import type { Manifest } from '../../core/manifest.ts';
import { hashFile } from '../../io/hash-file.ts';
import { counted } from '../duration-text.ts';
import { shown } from '../shown-path.ts';
import type { RunStorages } from '../storage/run-storages.ts';
import { readHead } from './read-head.ts';
import { type RunPlace, runPlaces } from './run-places.ts';

/** Where results are looked for, and, if that folder is only a copy, of what. */
export type ResultStorage = Pick<RunStorages, 'resultsFolder' | 'resultsUrl'>;

/**
 * Finds a run by
 * - the path of its manifest.json, or of its folder;
 * - `platform/video/run`, `video/run`, or `run`; of the id of the run its beginning will do, if only one has it;
 * - `latest`: the run that was built last;
 * - `run:VIDEO`: the latest run of that video, which is a file, or the name or id of one that was built.
 *
 * @throws {FlowError} `config_invalid` if no run has that name, or several have
 */
export async function findRun(word: string, storage: ResultStorage): Promise<RunPlace> {
  if (word.startsWith('run:')) return latestRun(word, storage);
  if (word === latestWord) return latestOfAll(storage);
  const stats = statOf(word);
  if (stats?.isDirectory() && statOf(join(word, 'manifest.json'))) return placeOf(word);
  const isFile = stats !== undefined && !stats.isDirectory();
  if (isFile && !word.endsWith('.json')) throw noManifest(word);
  if (isFile || word.endsWith('.json')) return placeOf(dirname(word), basename(word)); // If missing, its reader says so.
  const places = runPlaces(storage.resultsFolder);
  if (places.length === 0) throw noRuns(word, storage);
  const exact = places.filter(({ name }) => `/${name}`.endsWith(`/${word}`));
  return theOnly(word, exact.length > 0 ? exact : beginningWith(word, places), places);
}

/** A run that is named by its path, which need not lie in a results folder. */
function placeOf(folder: string, file = 'manifest.json'): RunPlace {
  const path = resolve(folder);
  return { folder: path, manifestPath: join(path, file), name: path.split('/').slice(-3).join('/') };
}

function beginningWith(word: string, places: readonly RunPlace[]): RunPlace[] {
  const depth = word.split('/').length;
  return places.filter(({ name }) => name.split('/').slice(-depth).join('/').startsWith(word));
}

function theOnly(word: string, found: readonly RunPlace[], all: readonly RunPlace[]): RunPlace {
  const [first, ...others] = found;
  if (first === undefined) throw unknownRun(word, 'no run has this name', all);
  if (others.length > 0) throw unknownRun(word, `it could be any of ${counted(found.length, 'run')}`, found);
  return first;
}

interface BuiltRun {
  readonly place: RunPlace;
  readonly run: Manifest['run'];
  /** How many components it has. */
  readonly size: number;
}

const latestWord = 'latest';

interface KeptRuns {
  readonly built: readonly BuiltRun[];
  /** Those with a damaged manifest, which must not hide all others. */
  readonly damaged: readonly RunPlace[];
}

function latestOfAll(storage: ResultStorage): RunPlace {
  const { built, damaged } = keptRuns(latestWord, storage);
  if (built.length === 0) throw damagedRun(latestWord, damaged);
  return built.reduce((latest, one) => (endOf(one) > endOf(latest) ? one : latest)).place;
}

/** @throws {FlowError} `config_invalid` if there are none */
function keptRuns(word: string, storage: ResultStorage): KeptRuns {
  const built: BuiltRun[] = [];
  const damaged: RunPlace[] = [];
  for (const place of runPlaces(storage.resultsFolder)) {
    const head = readHead(place.manifestPath);
    if (head) built.push({ place, run: head.run, size: head.components.length });
    else damaged.push(place);
  }
  if (built.length + damaged.length === 0) throw noRuns(word, storage);
  return { built, damaged };
}

async function latestRun(word: string, storage: ResultStorage): Promise<RunPlace> {
  const video = word.slice('run:'.length);
  return latestOf(await runsOf(word, video, keptRuns(word, storage))).place;
}

/** The one that was built last; a run of one component alone is passed over where there is one of its whole stage. */
function latestOf(runs: readonly BuiltRun[]): BuiltRun {
  const whole = runs.filter(
    (one) => !runs.some((other) => other.run.stage === one.run.stage && other.size > one.size),
  );
  return whole.reduce((latest, one) => (endOf(one) > endOf(latest) ? one : latest));
}

function endOf({ run }: BuiltRun): string {
  return run.finished_at ?? run.created_at;
}

/** The runs of one video: by content where there is such a file, else by name. */
async function runsOf(word: string, video: string, { built, damaged }: KeptRuns): Promise<BuiltRun[]> {
  const named = built.filter(({ run }) => namesOf(run).includes(basename(video)));
  const stats = statOf(video);
  if (stats?.isFile()) {
    const digest = await hashFile(video, stats.size);
    const same = built.filter(({ run }) => run.source.digest === digest);
    if (same.length > 0) return same;
    const ownId = videoIdOf(basename(video), digest);
    refuseDamaged(word, damaged, (videoId) => videoId === ownId);
    throw unknownRun(word, 'what the file holds now has not been built', placesOf(named));
  }
  if (named.length === 0) {
    const name = basename(video).replace(/\.[^.]*$/, '');
    refuseDamaged(word, damaged, (videoId) => videoId === name || videoId.replace(/-[^-]*$/, '') === name);
    throw unknownRun(word, 'no video of this name has been built', placesOf(built));
  }
  const videos = new Set(named.map(({ run }) => run.source.digest)).size;
  if (videos > 1) throw unknownRun(word, `${counted(videos, 'video')} have this name`, placesOf(named));
  return named;
}

/** What the folder of a run says of its video is all that is known of one whose manifest cannot be read. */
function refuseDamaged(
  word: string,
  damaged: readonly RunPlace[],
  isMeant: (videoId: string) => boolean,
): void {
  const ofVideo = damaged.filter(({ folder }) => isMeant(basename(dirname(folder))));
  if (ofVideo.length > 0) throw damagedRun(word, ofVideo);
}

/** `clip.mp4`, `clip`, `clip-12345678`. */
function namesOf({ source, video_id }: Manifest['run']): string[] {
  return [source.name, source.name.replace(/\.[^.]*$/, ''), video_id];
}

function placesOf(runs: readonly BuiltRun[]): RunPlace[] {
  return runs.map(({ place }) => place);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // A name that cannot be a path may still be the name of a run.
  }
}

const mostShown = 8;

function unknownRun(word: string, why: string, candidates: readonly RunPlace[]): FlowError {
  const names = candidates.slice(0, mostShown).map(({ name }) => `\n  ${name}`);
  const more =
    candidates.length > mostShown ? `\n  … and ${candidates.length - mostShown} more: \`flow runs\`` : '';
  return noSuchRun(word, why, candidates.length === 0 ? buildIt : `Name one of:${names.join('')}${more}`);
}

function damagedRun(word: string, damaged: readonly RunPlace[]): FlowError {
  const names = damaged.slice(0, mostShown).map(({ name }) => `"${name}"`);
  const more = damaged.length > mostShown ? ' and others' : '';
  const fix =
    word === latestWord ? buildIt : `Build it again: \`flow build ${word}\` writes its manifest anew.`;
  return noSuchRun(word, `the manifest of ${names.join(', ')}${more} is damaged`, fix);
}

const buildIt = 'Build it: `flow build run:VIDEO`.';

function noManifest(word: string): FlowError {
  return noSuchRun(word, 'this file is no manifest.json', `Write "run:${word}" if it is a video.`);
}

function noRuns(word: string, { resultsFolder, resultsUrl }: ResultStorage): FlowError {
  const fix = 'Build one with `flow build run:VIDEO`, or name the place of the results with --results.';
  return noSuchRun(word, `there are no runs in "${resultsUrl ?? shown(resultsFolder)}"`, fix);
}

function noSuchRun(word: string, why: string, fix: string): FlowError {
  const message = `Cannot find the run "${word}": ${why}.`;
  return new FlowError({ code: 'config_invalid', blame: 'user', message, fix });
}
