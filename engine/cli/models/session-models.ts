/** What a session knows of models: their entries and digests, and what of the machine decides about them. */
import { resolve } from 'node:path';
import type { Component } from '../../core/component.ts';
import { FlowError } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { isEnabled, type Profile } from '../../core/profile.ts';
import { type Lack, type ModelWorld, unpinnedModel } from '../../core/resolve-models.ts';
import { weightsDigest } from '../../core/weights-digest.ts';
import { ortVersion } from '../../io/inference/devices.ts';
import { tritonSettings } from '../../io/inference/triton-settings.ts';
import type { Workspace } from '../workspace.ts';
import { bestDevice } from './best-device.ts';
import { type LoadedCatalog, loadCatalog } from './load-catalog.ts';

/** Looks at the files of models. */
export interface ModelFiles {
  /** Finds out the digests of files whose entries have none, and keeps to them from now on. @throws {FlowError} */
  pin(model: CatalogModel): Promise<CatalogModel>;
  /** What is wrong with a file that lies beside its entry; undefined where nothing is, and where none is there. */
  faultBeside(model: CatalogModel): Promise<FlowError | undefined>;
}

export interface SessionModelsSetting {
  readonly workspace: Workspace;
  readonly profile: Profile;
  /** Undefined for commands that only look. */
  readonly modelFiles: ModelFiles | undefined;
}

export class SessionModels {
  readonly #setting: SessionModelsSetting;
  #catalog: LoadedCatalog | undefined;
  #world: Promise<ModelWorld> | undefined;
  /** By `name:version`. */
  readonly #faults = new Map<string, Promise<FlowError | undefined>>();
  /** Files of models that were looked at. */
  readonly #weights = new Set<string>();

  constructor(setting: SessionModelsSetting) {
    this.#setting = setting;
  }

  /** @throws {FlowError} or an AggregateError of all that is wrong with entries and lock */
  world(): Promise<ModelWorld> {
    this.#world ??= this.#load();
    return this.#world;
  }

  /**
   * What is wrong with files that lie beside the entries of a component's models. They are sources, as its inputs are:
   * one that was replaced says so also where all that the model has made is in the cache.
   */
  async faultOf({ models }: Component): Promise<FlowError | undefined> {
    for (const { model, engine } of models) {
      const fault = engine === 'triton' ? undefined : await this.#faultBeside(model); // A server has its own files.
      if (fault) return fault;
    }
    return undefined;
  }

  /** The documents and weights that were read so far, and the places where a new document would count. */
  get sources(): { readonly files: readonly string[]; readonly folders: readonly string[] } {
    const { files, folders } = this.#catalog ?? { files: [], folders: [] };
    return { files: [...files, ...this.#weights], folders };
  }

  #faultBeside(model: CatalogModel): Promise<FlowError | undefined> {
    const { modelFiles } = this.#setting;
    if (!modelFiles) return Promise.resolve(undefined);
    const name = modelName(model.entry);
    const known = this.#faults.get(name);
    if (known) return known;
    for (const { path } of model.entry.files)
      if (path !== undefined) this.#weights.add(resolve(model.folder, path));
    const fault = modelFiles.faultBeside(model);
    this.#faults.set(name, fault);
    return fault;
  }

  async #load(): Promise<ModelWorld> {
    this.#checkServer();
    const catalog = loadCatalog(this.#setting.workspace);
    this.#catalog = catalog;
    const { pinned, unpinned } = await this.#pinNamed(catalog);
    return {
      catalog: {
        get all() {
          return catalog.all;
        },
        find: (wanted) => pinned.get(modelName(wanted)) ?? catalog.find(wanted),
      },
      unpinned,
      bestDevice: await bestDevice(this.#setting.workspace),
      engineVersions: { onnx: `onnxruntime@${ortVersion()}`, triton: 'triton' },
    };
  }

  /** An address that is none is wrong for whatever would be asked there; that there is none matters when something is. */
  #checkServer(): void {
    const isUsed = Object.values(this.#setting.profile.models).some(({ engine }) => engine === 'triton');
    if (isUsed && process.env.TRITON_HTTP_URL) tritonSettings(process.env);
  }

  /** Of the models that the profile names, those whose digests nobody knows yet. */
  async #pinNamed(
    catalog: LoadedCatalog,
  ): Promise<{ pinned: Map<string, CatalogModel>; unpinned: Map<string, Lack> }> {
    const { profile, modelFiles } = this.#setting;
    const pinned = new Map<string, CatalogModel>();
    const unpinned = new Map<string, Lack>();
    for (const [key, { model: name, version }] of Object.entries(profile.models)) {
      if (!isEnabled(profile, key.split('.')[0]!)) continue;
      const model = catalog.find({ name, version });
      if (!model || weightsDigest(model.entry) !== undefined) continue;
      const full = modelName(model.entry);
      try {
        if (modelFiles) pinned.set(full, await modelFiles.pin(model));
        else unpinned.set(full, unpinnedModel(full));
      } catch (error) {
        if (
          !(error instanceof FlowError) ||
          !/^model_(not_found|fetch_failed|digest_mismatch)$/.test(error.code)
        )
          throw error;
        unpinned.set(full, { why: clauseOf(error), fix: error.fix, code: error.code });
      }
    }
    return { pinned, unpinned };
  }
}

/** What an error says, for a longer sentence. */
export function clauseOf({ message }: FlowError): string {
  return message.replace(/\.$/, '');
}

/** For components without models. */
export const noModels: ModelWorld = {
  catalog: { all: [], find: () => undefined },
  unpinned: new Map(),
  bestDevice: 'cpu',
  engineVersions: { onnx: 'onnxruntime', triton: 'triton' },
};
