/**
 * Refuses runs that require a component whose model cannot run here, as far as that shows before anything runs: a film is not decoded
 * in vain. What is cached needs no model, so nothing is refused that would only be looked up.
 */
import type { AssignedModel } from '../../core/assigned-model.ts';
import type { Component } from '../../core/component.ts';
import { FlowError, toFlowError } from '../../core/errors.ts';
import { modelName } from '../../core/model-entry.ts';
import { fileSaying, type Profile } from '../../core/profile.ts';
import { deviceMissing } from '../../io/inference/inference-errors.ts';
import { tritonSettings } from '../../io/inference/triton-settings.ts';
import { forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import type { BuildFlags } from '../build-flags.ts';
import type { PreparedBuild } from '../prepare-build.ts';
import type { Session } from '../session.ts';
import type { Workbench } from '../workbench.ts';
import { spotIn } from '../yaml-document.ts';
import { faultOfDevice } from './best-device.ts';

interface Around {
  readonly session: Pick<Session, 'profile' | 'workspace'>;
  readonly workbench: Pick<Workbench, 'models' | 'actions' | 'blobs' | 'shared'>;
  readonly flags: Pick<BuildFlags, 'keepGoing'>;
}

export async function refuseHopelessRuns(prepared: PreparedBuild, around: Around): Promise<PreparedBuild> {
  const { assembled, programs } = prepared;
  if (around.flags.keepGoing) return prepared; // What needs none of these models is built all the same.
  const faults = await faultsOf(assembled.specs, around);
  if (faults.size === 0) return prepared;
  const specs: RunSpec[] = [];
  const refused = [...assembled.refused];
  for (const spec of assembled.specs) {
    const mustRun = await toRun(spec, { ...around.workbench, programs: programs.identities });
    const hopeless = spec.components.filter((component) => faults.has(component) && mustRun(component));
    for (const component of hopeless)
      refused.push({ name: spec.scope.label || `//${component.name}`, error: faults.get(component)! });
    if (hopeless.length === 0) specs.push(spec);
  }
  return { ...prepared, assembled: { ...assembled, specs, refused } };
}

/** Of the required components those that cannot run. What a run can do without is told when it comes to that. */
async function faultsOf(specs: readonly RunSpec[], around: Around): Promise<Map<Component, FlowError>> {
  const faults = new Map<Component, FlowError>();
  for (const component of new Set(specs.flatMap(({ components }) => components))) {
    if (!component.isRequired) continue;
    for (const assigned of component.models) {
      const fault = await faultOf(assigned, component.name, around);
      if (fault) faults.set(component, fault);
    }
  }
  return faults;
}

/** Tells of a component whether it has to run; where too little is known to tell, it has. */
async function toRun(
  spec: RunSpec,
  setting: Parameters<typeof forecast>[1],
): Promise<(component: Component) => boolean> {
  const { actions, isComplete } = await forecast(spec, setting);
  const missing = actions.filter(({ node, result }) => node.phase === 'run' && !result);
  const names = new Set(missing.map(({ node }) => node.component.name));
  const kept = new Set(spec.kept.map(({ name }) => name));
  return ({ name }) => !kept.has(name) && (!isComplete || names.has(name));
}

async function faultOf(
  assigned: AssignedModel,
  component: string,
  { session, workbench }: Around,
): Promise<FlowError | undefined> {
  if (assigned.engine === 'triton') return faultOfServer();
  const fault = await faultOfDevice(assigned.device, session.workspace);
  if (fault === undefined) return workbench.models.faultOf(assigned.model);
  const name = modelName(assigned.model.entry);
  const { code, blame, message, fix } = deviceMissing(name, assigned.device, fault);
  const spot = spotOfDevice(session.profile, component, assigned.slot);
  return new FlowError({ code, blame, message, fix, where: name, ...spot });
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
