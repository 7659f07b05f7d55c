import type { FlowError } from '../core/errors.ts';
import { isEnabled } from '../core/profile.ts';
import { badTarget, noSuch } from './bad-target.ts';
import type { Session } from './session.ts';
import { spotIn } from './yaml-document.ts';

/** @param flag undefined for the stage that the workspace has by default */
export function chooseStage({ workspace }: Session, flag: string | undefined): string {
  return flag ?? workspace.stage;
}

/** What keeps a stage from being built, told at the flag or the file that names it. */
export function faultOfStage(session: Session, flag: string | undefined): FlowError | undefined {
  const { graph, profile, workspace } = session;
  const stage = chooseStage(session, flag);
  const { settingsFile } = workspace;
  const isWritten = flag === undefined && settingsFile !== undefined && workspace.stage !== 'baseline';
  const spot = isWritten ? spotIn({ file: settingsFile, path: ['stage'] }) : { where: '--stage' };
  if (!Object.hasOwn(graph.stages, stage)) return noSuch(spot, 'stage', stage, Object.keys(graph.stages));
  if (graph.stages[stage]!.some((name) => isEnabled(profile, name))) return undefined;
  const why = `the profile "${profile.name}" disables all components of the stage "${stage}"`;
  return badTarget(spot, why, 'Enable some of them, or build another stage.');
}
