/** Graph, profile and rules of the workspace, for showing films to models. */
import type { ModelEntry } from '../../core/model-entry.ts';
import type { ModelsFlags, OpenedModels } from '../models/open-models.ts';
import { openIndex, openSession } from '../session.ts';
import { openWorkspace } from '../workspace.ts';
import type { Film } from './film-inputs.ts';
import { ModelUser } from './model-user.ts';
import type { ModelThread } from './running-model.ts';

export interface FilmFlags extends ModelsFlags {
  /** The component that shows films to the model. */
  readonly through?: string;
}

export interface FilmSessionSetting {
  readonly flags: FilmFlags;
  readonly films: readonly Film[];
  readonly models: OpenedModels;
  readonly thread: ModelThread;
}

/** Films, and the component that shows them. */
export interface Shown {
  readonly user: ModelUser;
  readonly all: readonly Film[];
}

/**
 * Calls `act` with what shows films to a model; with undefined if there are no films.
 *
 * @throws {FlowError} what `ModelUser.find`, the workspace and `act` throw
 */
export async function withFilms<T>(
  entry: ModelEntry,
  { flags, films, models, thread }: FilmSessionSetting,
  act: (shown: Shown | undefined) => Promise<T>,
): Promise<T> {
  if (films.length === 0) return act(undefined);
  const workspace = openWorkspace({ cacheDir: flags.cacheDir });
  using index = openIndex(workspace);
  const session = await openSession(workspace, index, undefined);
  const user = await ModelUser.find(entry, { session, models, thread, through: flags.through });
  return act({ user, all: films });
}

/** @param frames in all, shared by the films */
export function filmsOf(paths: readonly string[], frames: number): Film[] {
  return paths.map((path) => ({ path, frames: Math.ceil(frames / paths.length) }));
}
