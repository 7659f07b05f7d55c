/** Which components of a run reach which others. */
import type { Component } from '../core/component.ts';

/** The lost components and all that read of them, each with the reason. @param components producers first */
export function blockedBy<Reason extends NonNullable<unknown>>(
  lost: ReadonlyMap<string, Reason>,
  components: readonly Component[],
): Map<string, Reason> {
  const blocked = new Map(lost);
  for (const component of components) {
    const reason = producersOf(component)
      .map((name) => blocked.get(name))
      .find((one) => one !== undefined);
    if (reason && !blocked.has(component.name)) blocked.set(component.name, reason);
  }
  return blocked;
}

/** The named components and all that they need. @param components producers first, as those that are returned */
export function neededFor(names: Iterable<string>, components: readonly Component[]): Component[] {
  const needed = new Set(names);
  for (const component of components.toReversed())
    if (needed.has(component.name)) for (const name of producersOf(component)) needed.add(name);
  return components.filter(({ name }) => needed.has(name));
}

function producersOf({ inputs, table }: Component): string[] {
  const read = inputs.flatMap(({ reference }) => (reference?.type === 'output' ? reference.component : []));
  return table === undefined ? read : [...read, table];
}
