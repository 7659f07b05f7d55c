/** What a build of one target would find in the cache. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import { SqliteActionCache } from '../../../cache/sqlite-action-cache.ts';
import { VerifyingBlobStore } from '../../../cache/verifying-blob-store.ts';
import type { Component } from '../../core/component.ts';
import { FlowError } from '../../core/errors.ts';
import { RealDisk } from '../../io/disk.ts';
import { type ForecastSetting, forecast } from '../../run/forecast.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import { prepareBuild } from '../prepare-build.ts';
import { placed } from '../refusals.ts';
import type { Session } from '../session.ts';
import { parseTargets } from '../targets.ts';
import { warnAside } from '../warn-aside.ts';
import { type ComponentForecast, componentForecasts } from './component-forecast.ts';

export interface ForeseenTarget {
  readonly components: readonly Component[];
  readonly forecasts: ReadonlyMap<string, ComponentForecast>;
}

/** @throws {FlowError} or an AggregateError of them, as a build of the target would */
export async function foreseeTarget(
  session: Session,
  target: string,
  stage: string | undefined,
): Promise<ForeseenTarget> {
  const targets = parseTargets([target]);
  const identity = { platformId: 'local', dataprocessorVersion: 'unknown' };
  const setting = { ...identity, ...(stage !== undefined && { stage }) };
  const { assembled, programs } = await prepareBuild(session, targets, setting);
  if (assembled.refused.length > 0) throw new AggregateError(assembled.refused.map(placed));
  const [spec, other] = assembled.specs;
  if (!spec || other) throw notOne(target, assembled.specs);
  const { cacheFolder } = session.workspace;
  const names = spec.components.map(({ name }) => name);
  using actions = openActions(join(cacheFolder, 'actions.db'));
  const files = new LocalBlobStore(new RealDisk(), cacheFolder);
  const blobs = new VerifyingBlobStore(files, () => undefined); // It is a miss, as it would be for a build.
  const foreseen = await forecast(spec, { actions, blobs, programs: programs.identities });
  return { components: spec.components, forecasts: componentForecasts(foreseen, names) };
}

/** Looking makes no cache where there is none. */
function openActions(path: string): ForecastSetting['actions'] & Disposable {
  if (!existsSync(path)) return { get: () => undefined, [Symbol.dispose]: () => undefined };
  const actions = new SqliteActionCache(path, warnAside);
  return { get: (key) => actions.get(key), [Symbol.dispose]: () => actions.close() };
}

function notOne(target: string, specs: readonly RunSpec[]): FlowError {
  const message = `Cannot draw "${target}": it is ${specs.length} runs, and a graph shows one.`;
  const fix = specs[0] ? `Write "${specs[0].scope.label}".` : 'Name one video: "run:VIDEO".';
  return new FlowError({ code: 'config_invalid', blame: 'user', where: target, message, fix });
}
