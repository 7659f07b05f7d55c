/**
 * The part of a run that fills its holes: the components that failed, were skipped or are damaged, those that did without
 * them, and nothing of the others.
 */
import type { Component } from '../../core/component.ts';
import type { Manifest } from '../../core/manifest.ts';
import { type ForecastSetting, forecast } from '../../run/forecast.ts';
import { keptChanged } from '../../run/kept-changed.ts';
import type { RunSpec } from '../../run/run-progress.ts';

export interface BuiltRun {
  readonly manifest: Manifest;
  /** Components whose results are not what the manifest lists. */
  readonly unsound?: ReadonlySet<string> | undefined;
}

/**
 * @returns undefined if the run has no holes
 * @throws {FlowError} `config_invalid` if something sound in the run would be made anew by a build of today
 */
export async function narrowToHoles(
  spec: RunSpec,
  { manifest, unsound }: BuiltRun,
  setting: ForecastSetting,
): Promise<RunSpec | undefined> {
  const sound = manifest.components.filter(
    ({ name, status }) => (status === 'success' || status === 'empty') && !unsound?.has(name),
  );
  const holes = withReaders(new Set(sound.map(({ name }) => name)), spec.components);
  if (holes.length === 0) return undefined;
  const kept = sound.filter(({ name }) => holes.every((hole) => hole.name !== name));
  const components = withNeeds(holes, spec.components);
  await refuseIfChanged({ ...spec, kept }, setting);
  spec.record?.keep(kept, { createdAt: manifest.run.created_at });
  return { ...spec, kept, components, plan: spec.plan.narrowedTo(components) };
}

/** What is not sound, and what reads of it: made without that, it would come out otherwise now. */
function withReaders(sound: ReadonlySet<string>, all: readonly Component[]): Component[] {
  const holes = new Set(all.filter(({ name }) => !sound.has(name)));
  for (let count = -1; count !== holes.size; ) {
    count = holes.size;
    const names = new Set([...holes].map(({ name }) => name));
    for (const component of all)
      if (producersOf(component).some((name) => names.has(name))) holes.add(component);
  }
  return all.filter((component) => holes.has(component));
}

function producersOf({ inputs }: Component): string[] {
  return inputs.flatMap(({ reference }) => (reference?.type === 'output' ? [reference.component] : []));
}

/** In the order of `all`. */
function withNeeds(wanted: readonly Component[], all: readonly Component[]): Component[] {
  const byName = new Map(all.map((component) => [component.name, component]));
  const needed = new Set<Component>();
  const visit = (component: Component | undefined): void => {
    if (!component || needed.has(component)) return;
    needed.add(component);
    for (const name of producersOf(component)) visit(byName.get(name));
    if (component.table !== undefined) visit(byName.get(component.table));
  };
  for (const component of wanted) visit(component);
  return all.filter((component) => needed.has(component));
}

/** What is not known before other actions have run is checked by the build. */
async function refuseIfChanged(spec: RunSpec, setting: ForecastSetting): Promise<void> {
  const { actions, finals } = await forecast(spec, setting);
  const keys = new Map(actions.map(({ node, key }) => [node, key?.key]));
  const rules = new Map(spec.components.map(({ name, loaded }) => [name, loaded.digest]));
  for (const { name, action_key: before, rule_digest: rule } of spec.kept) {
    const [final, ...others] = finals.get(name) ?? [];
    const now = final && others.length === 0 ? keys.get(final) : undefined;
    const hasOtherKey = before !== null && now !== undefined && now !== before;
    if (hasOtherKey || rules.get(name) !== rule) throw keptChanged(spec.scope, name);
  }
}
