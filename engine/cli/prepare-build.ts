/** Everything of a build that can be known before its first action runs. */
import { ffmpegVersion } from '../io/media/ffmpeg-program.ts';
import { type Assembled, assemble } from './assemble.ts';
import type { BuildFlags } from './build-flags.ts';
import { identifyPrograms } from './identify-programs.ts';
import type { Session } from './session.ts';
import type { Targets } from './targets.ts';

export interface PreparedBuild {
  readonly targets: Targets;
  readonly assembled: Assembled;
  readonly programs: Awaited<ReturnType<typeof identifyPrograms>>;
}

export type PrepareFlags = Pick<
  BuildFlags,
  'stage' | 'platformId' | 'videoId' | 'runId' | 'dataprocessorVersion'
>;

/** @throws {FlowError} or an AggregateError of them, where no run can be blamed alone */
export async function prepareBuild(
  session: Session,
  targets: Targets,
  { stage, platformId, videoId, runId, dataprocessorVersion }: PrepareFlags,
): Promise<PreparedBuild> {
  const identity = {
    platformId,
    dataprocessorVersion,
    ...(videoId !== undefined && { videoId }),
    ...(runId !== undefined && { runId }),
  };
  if (targets.videos.length > 0) ffmpegVersion().catch(() => undefined); // It takes 0.1 s; `identifyPrograms` waits for it.
  const assembled = await assemble({ session, targets, stage, identity });
  return { targets, assembled, programs: await identifyPrograms(assembled, session.index) };
}

/** What a build has read so far but for programs, and the folders in which a new file would change it. */
export function sourcesOf(
  session: Session,
  { targets, assembled }: PreparedBuild,
): { files: string[]; folders: string[] } {
  const models = session.models.sources;
  return {
    files: [
      ...session.files,
      ...models.files,
      ...session.registry.sources,
      ...assembled.sourceFiles,
      ...targets.lists,
    ],
    folders: [
      ...session.folders,
      ...models.folders,
      ...session.registry.folders,
      ...assembled.folders,
      ...targets.folders,
    ],
  };
}
