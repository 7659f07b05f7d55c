/**
 * Refuses what requires a component whose model cannot run here, as far as that shows before anything runs: a film is not decoded
 * in vain. What is cached needs no model, so nothing is refused that would only be looked up, or that perhaps would be.
 */
import type { Component } from '../../core/component.ts';
import type { FlowError } from '../../core/errors.ts';
import { type ForecastSetting, forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { type Assembled, subjectOf, workspaceNames } from '../assemble.ts';
import type { BuildFlags } from '../build-flags.ts';
import { blockedBy, neededFor } from '../component-reach.ts';
import type { PreparedBuild } from '../prepare-build.ts';
import type { Session } from '../session.ts';
import type { Workbench } from '../workbench.ts';
import { ModelFaults } from './model-faults.ts';

interface Around {
  readonly session: Pick<Session, 'graph' | 'profile' | 'workspace'>;
  readonly workbench: Pick<Workbench, 'models' | 'actions' | 'blobs' | 'shared' | 'history'>;
  readonly flags: Pick<BuildFlags, 'keepGoing'>;
}

export async function refuseHopelessRuns(prepared: PreparedBuild, around: Around): Promise<PreparedBuild> {
  if (around.flags.keepGoing) return prepared; // What needs none of these models is built all the same.
  const { assembled, targets, programs } = prepared;
  const faults = new ModelFaults(around);
  const sight = { ...around.workbench, programs: programs.identities };
  const specs: RunSpec[] = [];
  const asked = new Map(assembled.asked);
  const refused = [...assembled.refused];
  for (const spec of assembled.specs) {
    const hopeless = await hopelessOf(spec, faults, sight);
    const [first] = hopeless.values();
    if (first === undefined) specs.push(spec);
    else if (spec.record) refused.push({ name: spec.scope.label, error: first });
    else {
      const names = workspaceNames(targets, around.session);
      const divided = divide(spec, names, blockedBy(hopeless, spec.components), around.session);
      refused.push(...divided.refused);
      specs.push(...divided.rest);
      for (const rest of divided.rest) asked.set(rest, asked.get(spec)!); // Every run has an entry.
    }
  }
  return { ...prepared, assembled: { ...assembled, specs, asked, refused } };
}

/** Of the workspace's targets, those that have to be refused, and a run of the others if there are any. */
function divide(
  spec: RunSpec,
  names: readonly string[],
  blocked: ReadonlyMap<string, FlowError>,
  session: Pick<Session, 'profile'>,
): { refused: Assembled['refused']; rest: RunSpec[] } {
  const stopped = [...new Set(names)].filter((name) => blocked.has(name));
  const refused = stopped.map((name) => ({ name: `//${name}`, error: blocked.get(name)! }));
  const components = neededFor(
    names.filter((name) => !blocked.has(name)),
    spec.components,
  );
  if (components.length === 0) return { refused, rest: [] };
  const subject = subjectOf('', components, session);
  return {
    refused,
    rest: [{ ...spec, subject, components, plan: spec.plan.narrowedTo(components) }],
  };
}

type Sight = ForecastSetting & Pick<Workbench, 'history'>;

/** The required components of a run that have to run and cannot. What it can do without is told when it comes to that. */
async function hopelessOf(
  spec: RunSpec,
  faults: ModelFaults,
  sight: Sight,
): Promise<ReadonlyMap<string, FlowError>> {
  const doubtful: Component[] = [];
  for (const component of spec.components)
    if (component.isRequired && (await faults.mayHave(component))) doubtful.push(component);
  const hopeless = new Map<string, FlowError>();
  if (doubtful.length === 0) return hopeless;
  const mustRun = await toRun(spec, sight);
  for (const component of doubtful.filter(mustRun)) {
    const fault = await faults.of(component);
    if (fault) hopeless.set(component.name, fault);
  }
  return hopeless;
}

/**
 * Tells of a component whether it has to run: a key of it has no result. Where a key is not known before others have run, it may
 * yet be one that has a result, if the component has left any.
 */
async function toRun(spec: RunSpec, sight: Sight): Promise<(component: Component) => boolean> {
  const { actions, isComplete } = await forecast(spec, sight);
  const kept = new Set(spec.kept.map(({ name }) => name));
  const hasResult = (component: string): boolean =>
    sight.history.keysOf({ origin: spec.scope.origin, component }).some((key) => sight.actions.get(key));
  return ({ name }) => {
    if (kept.has(name)) return false;
    const own = actions.filter(({ node }) => node.component.name === name && node.phase === 'run');
    if (own.some(({ key, result }) => key && !result)) return true;
    const isOpen = own.length === 0 ? !isComplete : own.some(({ key }) => !key);
    return isOpen && !hasResult(name);
  };
}
