/** What a build would do with each component. */
import type { ActionResult } from '../../core/store.ts';
import type { Forecast, Foreseen } from '../../run/forecast.ts';

export interface ComponentForecast {
  /** `unknown`: something that it reads has to be made first. */
  readonly status: 'cached' | 'to_run' | 'unknown';
  /** Its actions; those of `unknown` are in neither number. */
  readonly actions: { readonly cached: number; readonly toRun: number };
  /** Size of its lasting outputs, where they are in the cache; bytes. */
  readonly bytes?: number;
  /** Time that its cached actions took when they ran; milliseconds. */
  readonly lastDurationMs?: number;
}

/** @param names components of the run; those of whose actions nothing is known yet are `unknown` */
export function componentForecasts(
  { actions, finals, isComplete }: Forecast,
  names: readonly string[],
): Map<string, ComponentForecast> {
  const byComponent = Map.groupBy(actions, ({ node }) => node.component.name);
  const results = new Map(actions.map(({ node, result }) => [node, result]));
  const forecasts = new Map<string, ComponentForecast>();
  for (const name of names) {
    const own = byComponent.get(name);
    if (!own && isComplete) continue; // Nobody asks it for anything: it is not part of the build.
    const last = (finals.get(name) ?? own?.map(({ node }) => node) ?? []).map((node) => results.get(node));
    forecasts.set(name, { ...countsOf(own ?? []), ...sizeOf(last) });
  }
  return forecasts;
}

function countsOf(own: readonly Foreseen[]): Omit<ComponentForecast, 'bytes'> {
  const cached = own.flatMap(({ result }) => result ?? []);
  const toRun = own.filter(({ key, result }) => key && !result).length;
  const isCached = own.length > 0 && cached.length === own.length;
  return {
    status: isCached ? 'cached' : toRun > 0 ? 'to_run' : 'unknown',
    actions: { cached: cached.length, toRun },
    ...(cached.length > 0 && { lastDurationMs: sum(cached.map(({ durationMs }) => durationMs)) }),
  };
}

function sizeOf(results: readonly (ActionResult | undefined)[]): { bytes?: number } {
  if (!results.every((result) => result !== undefined)) return {};
  const lasting = results
    .flatMap(({ outputs }) => Object.values(outputs))
    .filter((output) => !output.isEphemeral);
  return lasting.length > 0 ? { bytes: sum(lasting.map(({ sizeBytes }) => sizeBytes)) } : {};
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
