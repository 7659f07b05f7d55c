/** Why components cannot run their models here, as far as that shows before anything runs. */
import type { AssignedModel } from '../../core/assigned-model.ts';
import type { Component } from '../../core/component.ts';
import { FlowError, toFlowError } from '../../core/errors.ts';
import { modelName } from '../../core/model-entry.ts';
import { fileSaying, type Profile } from '../../core/profile.ts';
import { deviceMissing } from '../../io/inference/inference-errors.ts';
import { tritonSettings } from '../../io/inference/triton-settings.ts';
import type { Session } from '../session.ts';
import type { Workbench } from '../workbench.ts';
import { spotIn } from '../yaml-document.ts';
import { faultOfDevice, isKnownToWork } from './best-device.ts';

export interface ModelFaultsSetting {
  readonly session: Pick<Session, 'profile' | 'workspace'>;
  readonly workbench: Pick<Workbench, 'models'>;
}

/** Looks at each component once: all runs of a build that want the same share theirs. */
export class ModelFaults {
  readonly #setting: ModelFaultsSetting;
  readonly #doubts = new Map<Component, boolean>();
  readonly #faults = new Map<Component, FlowError | undefined>();

  constructor(setting: ModelFaultsSetting) {
    this.#setting = setting;
  }

  /** False where nothing speaks against it. It tries no device, which takes a process. */
  async mayHave(component: Component): Promise<boolean> {
    const known = this.#doubts.get(component);
    if (known !== undefined) return known;
    let isDoubtful = false;
    for (const assigned of component.models) isDoubtful ||= await this.#isDoubtful(assigned);
    this.#doubts.set(component, isDoubtful);
    return isDoubtful;
  }

  /** The first one. */
  async of(component: Component): Promise<FlowError | undefined> {
    if (this.#faults.has(component)) return this.#faults.get(component);
    let fault: FlowError | undefined;
    for (const assigned of component.models) fault ??= await this.#faultOf(assigned, component.name);
    this.#faults.set(component, fault);
    return fault;
  }

  async #isDoubtful({ engine, device, model }: AssignedModel): Promise<boolean> {
    if (engine === 'triton') return faultOfServer() !== undefined;
    const { session, workbench } = this.#setting;
    return !isKnownToWork(device, session.workspace) || (await workbench.models.faultOf(model)) !== undefined;
  }

  async #faultOf(
    { engine, device, model, slot }: AssignedModel,
    component: string,
  ): Promise<FlowError | undefined> {
    if (engine === 'triton') return faultOfServer();
    const { session, workbench } = this.#setting;
    const fault = await faultOfDevice(device, session.workspace);
    if (fault === undefined) return workbench.models.faultOf(model);
    const name = modelName(model.entry);
    const { code, blame, message, fix } = deviceMissing(name, device, fault);
    const spot = spotOfDevice(session.profile, component, slot);
    return new FlowError({ code, blame, message, fix, where: name, ...spot });
  }
}

function faultOfServer(): FlowError | undefined {
  try {
    tritonSettings(process.env);
    return undefined;
  } catch (thrown) {
    return toFlowError(thrown);
  }
}

/** Where the profile names the device of a slot; nothing where it says `auto` by saying nothing. */
function spotOfDevice(
  profile: Profile,
  component: string,
  slot: string,
): Partial<Pick<FlowError, 'where' | 'excerpt'>> {
  for (const key of [`${component}.${slot}`, component]) {
    const path = ['models', key, 'device'];
    const file = fileSaying(profile, path);
    if (file !== undefined) return spotIn({ file, path });
  }
  return {};
}
