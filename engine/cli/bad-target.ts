/** What is wrong with a target, as it is told. */
import { FlowError, type FlowErrorParts } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';

type Spot = string | Pick<FlowErrorParts, 'where' | 'excerpt'>;

export function badTarget(spot: Spot, why: string, fix: string): FlowError {
  const place = typeof spot === 'string' ? { where: spot } : spot;
  const message = `Cannot build this target: ${why}.`;
  return new FlowError({ code: 'config_invalid', blame: 'user', ...place, message, fix });
}

export function noSuch(spot: Spot, what: string, name: string, known: readonly string[]): FlowError {
  const fix = known.length > 0 ? suggestion(name, known) : 'Add one to graphs/*.yaml.';
  return badTarget(spot, `no ${what} is called "${name}"`, fix);
}
