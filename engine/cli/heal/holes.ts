/** The part of a run that fills its holes: the components that failed or were skipped, and nothing of the others. */
import type { Component } from '../../core/component.ts';
import { FlowError } from '../../core/errors.ts';
import type { Manifest } from '../../core/manifest.ts';
import { type ForecastSetting, forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';

/**
 * @returns undefined if the run has no holes
 * @throws {FlowError} `config_invalid` if something sound in the run would be made anew by a build of today
 */
export async function narrowToHoles(
  spec: RunSpec,
  manifest: Manifest,
  setting: ForecastSetting,
): Promise<RunSpec | undefined> {
  const kept = manifest.components.filter(({ status }) => status === 'success' || status === 'empty');
  const sound = new Set(kept.map(({ name }) => name));
  const holes = spec.components.filter(({ name }) => !sound.has(name));
  if (holes.length === 0) return undefined;
  const components = withNeeds(holes, spec.components);
  const narrowed = { ...spec, kept, components, plan: spec.plan.narrowedTo(components) };
  await refuseIfChanged(narrowed, setting);
  spec.record?.keep(kept, { createdAt: manifest.run.created_at });
  return { ...narrowed, plan: spec.plan.narrowedTo(components) }; // The other plan was used up.
}

/** In the order of `all`. */
function withNeeds(wanted: readonly Component[], all: readonly Component[]): Component[] {
  const byName = new Map(all.map((component) => [component.name, component]));
  const needed = new Set<Component>();
  const visit = (component: Component | undefined): void => {
    if (!component || needed.has(component)) return;
    needed.add(component);
    for (const { reference } of component.inputs)
      if (reference?.type === 'output') visit(byName.get(reference.component));
    if (component.table !== undefined) visit(byName.get(component.table));
  };
  for (const component of wanted) visit(component);
  return all.filter((component) => needed.has(component));
}

/** A run whose parts come from different states of its rules could not be trusted. */
async function refuseIfChanged(spec: RunSpec, setting: ForecastSetting): Promise<void> {
  const { actions, finals } = await forecast(spec, setting);
  const keys = new Map(actions.map(({ node, key }) => [node, key?.key]));
  for (const { name, action_key: before } of spec.kept) {
    const [now] = (finals.get(name) ?? []).flatMap((node) => keys.get(node) ?? []);
    if (before !== null && now !== undefined && now !== before) throw changed(spec, name);
  }
}

function changed({ scope }: RunSpec, component: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: scope.label,
    message: `Cannot heal this run: "${component}" would not be what it was when the run was built.`,
    fix: `Build the run anew: \`flow build ${scope.label}\`; \`flow why ${scope.label}//${component}\` says what has changed.`,
  });
}
