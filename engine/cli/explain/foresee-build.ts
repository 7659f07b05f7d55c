/** Looks at what a build would do, and at what earlier ones have done. */
import { Explainer, type Past, type Present } from '../../core/explain.ts';
import { RealDisk } from '../../io/disk.ts';
import { type Forecast, type ForecastSetting, forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { type BuildFlags, checkFlags } from '../build-flags.ts';
import { type PreparedBuild, prepareBuild } from '../prepare-build.ts';
import { openRemote } from '../remote/open-remote.ts';
import { openIndex, openSession, type Session } from '../session.ts';
import { parseTargets, type Targets } from '../targets.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

export interface Outlook {
  readonly spec: RunSpec;
  readonly forecast: Forecast;
  readonly explainer: Explainer;
}

export interface Foreseen {
  /** What the words say. */
  readonly named: Targets;
  readonly session: Session;
  readonly workbench: Workbench;
  readonly prepared: PreparedBuild;
  readonly outlooks: readonly Outlook[];
}

/** Where results are looked for. */
export type Sight = Pick<ForecastSetting, 'actions' | 'blobs' | 'shared'>;

export interface Looking {
  /** What to foresee in place of the targets that the words name. */
  readonly lookAt?: (named: Targets, session: Session) => Targets;
  /** Opens that in which results are looked for; by default where a build looks. */
  readonly sightOf?: (workbench: Workbench, workspace: Workspace) => Promise<Sight>;
}

/** Foresees what a build of the words would do, and hands it to `use` while the stores are open. */
export async function foreseeBuild<T>(
  words: readonly string[],
  flags: BuildFlags,
  use: (foreseen: Foreseen) => Promise<T>,
  { lookAt = (named) => named, sightOf = (...where) => sightOfBuild(...where, flags) }: Looking = {},
): Promise<T> {
  const named = parseTargets(words);
  checkFlags(flags, named);
  const workspace = openWorkspace(flags);
  using index = openIndex(workspace);
  const session = await openSession(workspace, index, flags.profile);
  const prepared = await prepareBuild(session, lookAt(named, session), flags);
  await using workbench = new Workbench(workspace, { disk: new RealDisk(), jobs: flags.jobs });
  const { identities: programs } = prepared.programs;
  const sight = await sightOf(workbench, workspace);
  const outlooks: Outlook[] = [];
  for (const spec of prepared.assembled.specs) {
    const foreseen = await forecast(spec, { ...sight, programs });
    const explainer = explainerOf(presentIn(foreseen), workbench);
    outlooks.push({ spec, forecast: foreseen, explainer });
  }
  workbench.shared?.conclude(); // What could not be asked for is not said to be missing.
  return await use({ named, session, workbench, prepared, outlooks }); // The stores stay open until it is done.
}

/** Looking sends nothing, also not what earlier builds have left. */
async function sightOfBuild(workbench: Workbench, workspace: Workspace, flags: BuildFlags): Promise<Sight> {
  workbench.shared = await openRemote({ workspace, workbench, flags: { ...flags, remoteReadOnly: true } });
  const { actions, blobs, shared } = workbench;
  return { actions, blobs, shared };
}

export function explainerOf(present: Present, { history, actions, stores }: Workbench): Explainer {
  const past: Past = {
    keysOf: (place) => history.of(place),
    lastBuildMs: (origin) => history.lastBuildMs(origin),
    ingredientsOf: (key) => actions.ingredientsOf(key),
    resultOf: (key) => actions.get(key),
    evictionOf: (name) => stores.records.noteOf('evicted', name),
    unsentOf: (key) => stores.records.noteOf('not_uploaded', key),
  };
  return new Explainer(present, past);
}

function presentIn({ actions }: Forecast): Present {
  const byNode = new Map(actions.map((action) => [action.node, action]));
  const keys = new Set(actions.map(({ key }) => key?.key));
  return {
    keyOf: (node) => byNode.get(node)?.key,
    resultOf: (node) => byNode.get(node)?.result,
    isRemote: (node) => byNode.get(node)?.isRemote ?? false,
    isInUse: (key) => keys.has(key),
  };
}
