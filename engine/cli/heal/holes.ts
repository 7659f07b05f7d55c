/**
 * The part of a run that fills its holes: the components that failed, were skipped or are damaged, those that did without
 * them, and nothing of the others.
 */
import type { Manifest } from '../../core/manifest.ts';
import { type ForecastSetting, forecast } from '../../run/forecast.ts';
import { keptChanged } from '../../run/kept-changed.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { blockedBy, neededFor } from '../component-reach.ts';

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
  const isSound = new Set(sound.map(({ name }) => name));
  const unmade = spec.components.filter(({ name }) => !isSound.has(name));
  // What reads of them was made without, and would come out otherwise now.
  const holes = blockedBy(new Map(unmade.map(({ name }) => [name, 'hole'])), spec.components);
  if (holes.size === 0) return undefined;
  const kept = sound.filter(({ name }) => !holes.has(name));
  const components = neededFor(holes.keys(), spec.components);
  await refuseIfChanged({ ...spec, kept }, setting);
  spec.record?.keep(kept, { createdAt: manifest.run.created_at });
  return { ...spec, kept, components, plan: spec.plan.narrowedTo(components) };
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
