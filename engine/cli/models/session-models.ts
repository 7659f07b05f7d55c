/** What a session knows of models: their entries and digests, and what of the machine decides about them. */
import { FlowError } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import type { Profile } from '../../core/profile.ts';
import { type Lack, type ModelWorld, unpinnedModel } from '../../core/resolve-models.ts';
import { weightsDigest } from '../../core/weights-digest.ts';
import { ortVersion } from '../../io/inference/devices.ts';
import { tritonSettings } from '../../io/inference/triton-settings.ts';
import type { Workspace } from '../workspace.ts';
import { bestDevice } from './best-device.ts';
import { type LoadedCatalog, loadCatalog } from './load-catalog.ts';

/** Finds out the digests of files whose entries have none, and keeps to them from now on. @throws {FlowError} */
export type PinModel = (model: CatalogModel) => Promise<CatalogModel>;

export interface SessionModelsSetting {
  readonly workspace: Workspace;
  readonly profile: Profile;
  /** Undefined for commands that only look. */
  readonly pinModel: PinModel | undefined;
}

export class SessionModels {
  readonly #setting: SessionModelsSetting;
  #catalog: LoadedCatalog | undefined;
  #world: Promise<ModelWorld> | undefined;

  constructor(setting: SessionModelsSetting) {
    this.#setting = setting;
  }

  /** @throws {FlowError} or an AggregateError of all that is wrong with entries and lock */
  world(): Promise<ModelWorld> {
    this.#world ??= this.#load();
    return this.#world;
  }

  /** The documents that were read so far, and the places where a new one would count. */
  get sources(): { readonly files: readonly string[]; readonly folders: readonly string[] } {
    return this.#catalog ?? { files: [], folders: [] };
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
    const { profile, pinModel } = this.#setting;
    const pinned = new Map<string, CatalogModel>();
    const unpinned = new Map<string, Lack>();
    for (const { model: name, version } of Object.values(profile.models)) {
      const model = catalog.find({ name, version });
      if (!model || weightsDigest(model.entry) !== undefined) continue;
      const full = modelName(model.entry);
      try {
        if (pinModel) pinned.set(full, await pinModel(model));
        else unpinned.set(full, unpinnedModel(full));
      } catch (error) {
        if (!(error instanceof FlowError) || !/^model_(not_found|fetch_failed)$/.test(error.code))
          throw error;
        unpinned.set(full, { why: error.message.replace(/\.$/, ''), fix: error.fix });
      }
    }
    return { pinned, unpinned };
  }
}

/** For components without models. */
export const noModels: ModelWorld = {
  catalog: { all: [], find: () => undefined },
  unpinned: new Map(),
  bestDevice: 'cpu',
  engineVersions: { onnx: 'onnxruntime', triton: 'triton' },
};
