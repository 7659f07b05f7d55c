/**
 * Brings the files of models here: from beside their entries, from the store, from a mirror, or from where they are
 * published. Whatever it gives has the digest that the entry names.
 */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type FlowError, toFlowError } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { type ModelFile, modelName } from '../../core/model-entry.ts';
import { fileState } from '../file-state.ts';
import { type Pace, usualPace } from './download.ts';
import { type Fetching, fetchModelFile, mayBeElsewhere, type PullProgress } from './fetch-model-file.ts';
import { bundledMissing, digestMismatch, type FileOfModel, sizeMismatch } from './model-errors.ts';
import { findInFolder, isServer } from './model-mirror.ts';
import { SharedWork } from './shared-work.ts';
import { type WeightFile, WeightFiles } from './weight-files.ts';

export interface ModelStoreSetting {
  readonly folder: string;
  /** A folder or a URL. */
  readonly mirror?: string | undefined;
  readonly isOffline: boolean;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Told once of each thing that costs time and nothing else. */
  readonly onTrouble?: (message: string) => void;
  readonly pace?: Pace;
}

/** Where the files of a model are. `damaged`: one of them is not what its entry, the lock or its name says. */
export type Whereabouts = 'bundled' | 'here' | 'mirror' | 'not here' | 'damaged';

export class ModelStore implements Disposable {
  /** What is here, by digest. */
  readonly files: WeightFiles;
  readonly #fetching: Fetching;
  readonly #underWay = new SharedWork<WeightFile>();
  /** Digests of files whose entries have none, by their names in this store. */
  readonly #found = new Map<string, string>();

  constructor({ folder, mirror, isOffline, ...setting }: ModelStoreSetting) {
    const { onProgress = () => undefined, onTrouble = () => undefined, pace = usualPace } = setting;
    this.files = new WeightFiles({ folder, onTrouble });
    this.#fetching = { files: this.files, mirror, isOffline, pace, onProgress, onTrouble };
  }

  /** Where the files are; no network is asked. @throws {FlowError} `config_invalid` for a mirror that is not there */
  async find(model: CatalogModel): Promise<Whereabouts> {
    const places: Whereabouts[] = [];
    for (const file of model.entry.files) places.push(await this.#whereabouts(fileOf(model, file)));
    return (
      (['damaged', 'not here', 'mirror', 'here'] as const).find((one) => places.includes(one)) ?? 'bundled'
    );
  }

  /** What is wrong with files that are here. */
  async faults(model: CatalogModel): Promise<readonly FlowError[]> {
    const faults: FlowError[] = [];
    for (const wanted of model.entry.files.map((file) => fileOf(model, file))) {
      const path = this.#placeOf(wanted);
      const fault = path === undefined ? undefined : await this.#faultOf(wanted, path);
      if (fault) faults.push(fault);
    }
    return faults;
  }

  /** What is wrong with a file that is here beside the entry; undefined where nothing is, and where none is here. */
  async faultBeside(model: CatalogModel): Promise<FlowError | undefined> {
    const files = model.entry.files.filter(({ path }) => path !== undefined);
    try {
      return (await this.faults({ ...model, entry: { ...model.entry, files } }))[0];
    } catch (thrown) {
      return toFlowError(thrown); // It cannot be read.
    }
  }

  /** Why `open` would fail, as far as that shows without looking elsewhere; undefined if it may do well. */
  async faultOf(model: CatalogModel): Promise<FlowError | undefined> {
    try {
      for (const file of model.entry.files) {
        const wanted = fileOf(model, file);
        const isHere = file.path !== undefined || this.#placeOf(wanted) !== undefined;
        if (isHere || !mayBeElsewhere(file, this.#fetching)) await this.#bringOne(wanted, undefined);
      }
      return undefined;
    } catch (thrown) {
      return toFlowError(thrown);
    }
  }

  /**
   * Path of the graph's file, the files that it refers to beside it by their names; pulled if they are not here.
   * Concurrent calls share one download.
   *
   * @throws {FlowError} `model_fetch_failed`, `model_not_found`, `model_digest_mismatch`, `config_invalid` for a mirror
   *   that is not there, `disk_full`; the signal's reason
   */
  async open(model: CatalogModel, signal?: AbortSignal): Promise<string> {
    const files = await this.#bring(model, signal);
    const [graph] = model.entry.files;
    const { path } = files.get(graph!.name)!; // An entry has a file at least.
    const isTogether = [...files].every(([name, one]) => one.path === join(dirname(path), name));
    if (files.size === 1 || isTogether) return path;
    return join(await this.files.together(files), graph!.name);
  }

  /** Paths of all files by their names; pulled if they are not here. @throws as `open` */
  async paths(model: CatalogModel, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return new Map([...(await this.#bring(model, signal))].map(([name, { path }]) => [name, path]));
  }

  /** The model with the digests and sizes of all its files; those that have none are pulled. @throws as `open` */
  async pin(model: CatalogModel, signal?: AbortSignal): Promise<CatalogModel> {
    const files: ModelFile[] = [];
    for (const file of model.entry.files) {
      if (file.sha256 !== undefined) files.push(file);
      else {
        const { path, sha256 } = await this.#bringOne(fileOf(model, file), signal);
        files.push({ ...file, sha256, bytes: statSync(path).size });
      }
    }
    return { ...model, entry: { ...model.entry, files } };
  }

  [Symbol.dispose](): void {
    this.files[Symbol.dispose]();
  }

  async #bring(model: CatalogModel, signal: AbortSignal | undefined): Promise<Map<string, WeightFile>> {
    const files = new Map<string, WeightFile>();
    for (const file of model.entry.files)
      files.set(file.name, await this.#bringOne(fileOf(model, file), signal));
    return files;
  }

  async #bringOne(wanted: WantedFile, signal: AbortSignal | undefined): Promise<WeightFile> {
    const place = this.#placeOf(wanted);
    if (place !== undefined) return this.#checked(wanted, place);
    const { file, folder } = wanted;
    if (file.path !== undefined) throw bundledMissing(wanted, resolve(folder, file.path));
    const work = (shared: AbortSignal): Promise<WeightFile> => fetchModelFile(wanted, this.#fetching, shared);
    const found = await this.#underWay.join(this.#knownDigest(wanted) ?? idOf(wanted), work, signal);
    this.#found.set(idOf(wanted), found.sha256);
    return found;
  }

  async #whereabouts(wanted: WantedFile): Promise<Whereabouts> {
    const isBundled = wanted.file.path !== undefined;
    const place = this.#placeOf(wanted);
    if (place !== undefined) {
      if (await this.#faultOf(wanted, place)) return 'damaged';
      return isBundled ? 'bundled' : 'here';
    }
    const { mirror } = this.#fetching;
    if (isBundled || mirror === undefined || isServer(mirror)) return 'not here';
    const found = await findInFolder(mirror, wanted, (path) => this.files.digestOf(path));
    return found === undefined ? 'not here' : 'mirror';
  }

  /** Path of a file, whatever is in it; undefined if it is not here. */
  #placeOf(wanted: WantedFile): string | undefined {
    const { file, folder } = wanted;
    const known = this.#knownDigest(wanted);
    const stored = known === undefined ? undefined : this.files.pathOf(known);
    const path = file.path === undefined ? stored : resolve(folder, file.path);
    return path === undefined || fileState(path) === undefined ? undefined : path;
  }

  #knownDigest(wanted: WantedFile): string | undefined {
    return wanted.file.sha256 ?? this.#found.get(idOf(wanted));
  }

  async #checked(wanted: WantedFile, path: string): Promise<WeightFile> {
    const fault = await this.#faultOf(wanted, path);
    if (fault) throw fault;
    return { path, sha256: await this.files.digestOf(path) };
  }

  async #faultOf(wanted: WantedFile, path: string): Promise<FlowError | undefined> {
    const found = await this.files.digestOf(path);
    const expected = this.#knownDigest(wanted) ?? found;
    if (found === expected) return sizeMismatch(wanted, path, statSync(path).size);
    const fix = wanted.file.path === undefined ? storedFix : bundledFix(wanted);
    return digestMismatch({ ...wanted, where: path, expected, found, fix });
  }
}

interface WantedFile extends FileOfModel {
  /** Of the entry. */
  readonly folder: string;
}

function fileOf({ entry, folder, file: document }: CatalogModel, file: ModelFile): WantedFile {
  return { entry, folder, document, file };
}

/** Files without a digest are told apart by what they are for. */
function idOf({ entry, file }: WantedFile): string {
  return `${modelName(entry)}/${file.name}`;
}

const storedFix =
  'Something has written to the store. `flow models verify --repair` removes the file and pulls it again.';

function bundledFix({ entry }: WantedFile): string {
  return `It comes with its entry: bring back the file that belongs there. If it is meant to be another one, write its sha256 into the entry, under a new version; where models.lock.yaml says what it is, \`flow models lock ${modelName(entry)} --renew\` takes the new one.`;
}
