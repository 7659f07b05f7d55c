import { neededRules } from '../../core/resolve-components.ts';
import { chooseStage } from '../choose-stage.ts';
import type { Session } from '../session.ts';
import type { Targets, VideoTarget } from '../targets.ts';

/**
 * A component of the stage is looked at in the run of the whole stage, as it is built there: what it makes may be what
 * others ask it for. Only a component outside of the stage has a run of its own.
 */
export function inWholeRuns(named: Targets, session: Session, stageFlag: string | undefined): Targets {
  const { graph, profile } = session;
  const stage = graph.stages[chooseStage(session, stageFlag)] ?? [];
  const inStage = new Set(neededRules({ graph, profile, wanted: stage }).map(({ name }) => name));
  const isInStage = ({ component }: VideoTarget): boolean =>
    component === undefined || inStage.has(component);
  const videos: VideoTarget[] = [];
  for (const targets of Map.groupBy(named.videos, (video) => video.path).values()) {
    const [whole, others] = [targets.filter(isInStage), targets.filter((target) => !isInStage(target))];
    if (whole.length > 0) videos.push({ ...whole[0]!, component: undefined, outputs: [] });
    videos.push(...others);
  }
  return { ...named, videos };
}
