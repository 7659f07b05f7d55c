/** Looks at what a build would do, and at what earlier ones have done. */
import { Explainer, type Past, type Present } from '../../core/explain.ts';
import { RealDisk } from '../../io/disk.ts';
import { type Forecast, forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { type BuildFlags, checkFlags } from '../build-flags.ts';
import { type PreparedBuild, prepareBuild } from '../prepare-build.ts';
import { openIndex, openSession, type Session } from '../session.ts';
import { parseTargets, type Targets } from '../targets.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace } from '../workspace.ts';

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

/**
 * Foresees what a build of the words would do, and hands it to `use` while the stores are open.
 *
 * @param lookAt what to foresee in place of the targets that the words name
 */
export async function foreseeBuild<T>(
  words: readonly string[],
  flags: BuildFlags,
  use: (foreseen: Foreseen) => Promise<T>,
  lookAt: (named: Targets, session: Session) => Targets = (named) => named,
): Promise<T> {
  const named = parseTargets(words);
  checkFlags(flags, named);
  const workspace = openWorkspace(flags);
  using index = openIndex(workspace);
  const session = await openSession(workspace, index, flags.profile);
  const prepared = await prepareBuild(session, lookAt(named, session), flags);
  await using workbench = new Workbench(workspace, { disk: new RealDisk(), jobs: flags.jobs });
  const { identities: programs } = prepared.programs;
  const { actions, blobs } = workbench;
  const outlooks: Outlook[] = [];
  for (const spec of prepared.assembled.specs) {
    const foreseen = await forecast(spec, { actions, blobs, programs });
    const explainer = explainerOf(presentIn(foreseen), workbench);
    outlooks.push({ spec, forecast: foreseen, explainer });
  }
  return use({ named, session, workbench, prepared, outlooks });
}

export function explainerOf(present: Present, { history, actions, stores }: Workbench): Explainer {
  const past: Past = {
    keysOf: (place) => history.of(place),
    lastBuildMs: (origin) => history.lastBuildMs(origin),
    ingredientsOf: (key) => actions.ingredientsOf(key),
    resultOf: (key) => actions.get(key),
    evictionOf: (name) => stores.records.noteOf('evicted', name),
  };
  return new Explainer(present, past);
}

function presentIn({ actions }: Forecast): Present {
  const byNode = new Map(actions.map((action) => [action.node, action]));
  const keys = new Set(actions.map(({ key }) => key?.key));
  return {
    keyOf: (node) => byNode.get(node)?.key,
    resultOf: (node) => byNode.get(node)?.result,
    isInUse: (key) => keys.has(key),
  };
}
