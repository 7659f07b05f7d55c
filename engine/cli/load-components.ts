import type { Component } from '../core/component.ts';
import type { FlowError } from '../core/errors.ts';
import type { Issue } from '../core/issue.ts';
import { neededRules, resolveComponents } from '../core/resolve-components.ts';
import { clauseOf, noModels, type SessionModels } from './models/session-models.ts';
import type { Session } from './session.ts';
import { toErrors } from './yaml-document.ts';

/**
 * Loads the rules of the wanted components and of all that they need, and brings the components together.
 *
 * @returns producers first
 * @throws {AggregateError} of all that is wrong with graph, profile and rules
 */
export async function loadComponents(
  { graph, profile, registry, models }: Session,
  wanted: readonly string[],
): Promise<readonly Component[]> {
  const errorsOf = (issues: readonly Issue[]): FlowError[] => {
    const settings = new Set([...profile.documents.map(({ file }) => file), ...models.sources.files]);
    return toErrors(issues, (file) => (settings.has(file) ? 'config_invalid' : 'graph_invalid'));
  };
  const loaded = await registry.load(neededRules({ graph, profile, wanted }));
  if ('issues' in loaded) throw new AggregateError(errorsOf(loaded.issues));
  const usesModels = [...loaded.rules.values()].some(({ rule }) => Object.keys(rule.models).length > 0);
  const world = usesModels ? await models.world() : noModels;
  const resolved = resolveComponents({ graph, profile, rules: loaded.rules, world, wanted });
  if ('issues' in resolved) throw new AggregateError(errorsOf(resolved.issues));
  return Promise.all(resolved.components.map((component) => lackingDamaged(component, models)));
}

/** What a run can do without is skipped where a file of its model is another one; what it cannot is not even begun. */
async function lackingDamaged(component: Component, models: SessionModels): Promise<Component> {
  const fault = component.isRequired ? undefined : await models.faultOf(component);
  return fault ? { ...component, lack: clauseOf(fault) } : component;
}
