/**
 * The component that works with a model, run on films outside of a build. So a model is given what it gets in builds, and
 * what it answers is read as there, without anything being known here of pictures, sound or detections.
 */
import type { BoundModel } from '../../core/bound-model.ts';
import { FlowError } from '../../core/errors.ts';
import type { ComponentNode } from '../../core/graph.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import { suggestion } from '../../core/nearest.ts';
import { budgetOf } from '../../core/profile.ts';
import type { ErasedRunArgs, InputSpec, Rule, Values } from '../../core/rule.ts';
import { realWorld } from '../../io/real-world.ts';
import type { OpenedModels } from '../models/open-models.ts';
import type { Session } from '../session.ts';
import { toErrors } from '../yaml-document.ts';
import { type Film, filmInput } from './film-inputs.ts';
import { boundModel, type ModelThread, type RunModel } from './running-model.ts';

export interface UserSetting {
  readonly session: Session;
  readonly models: OpenedModels;
  /** For the other models of the component. */
  readonly thread: ModelThread;
  /** The component; undefined for the first one that takes models of the task. */
  readonly through: string | undefined;
}

/** A model that is shown films. */
export interface ShownModel {
  readonly entry: ModelEntry;
  /** Given one item after the other. */
  readonly run: RunModel;
}

export class ModelUser {
  readonly component: string;
  readonly #rule: Rule;
  readonly #node: ComponentNode;
  readonly #slot: string;
  readonly #setting: UserSetting;

  private constructor(node: ComponentNode, rule: Rule, slot: string, setting: UserSetting) {
    this.component = node.name;
    this.#node = node;
    this.#rule = rule;
    this.#slot = slot;
    this.#setting = setting;
  }

  /** @throws {FlowError} `config_invalid` if no component takes the model; what is wrong with rules that are looked at */
  static async find(entry: ModelEntry, setting: UserSetting): Promise<ModelUser> {
    const { session, through } = setting;
    const nodes = nodesOf(session).filter(({ name }) => through === undefined || name === through);
    if (nodes.length === 0) throw unknownComponent(through!, session);
    for (const node of nodes) {
      const loaded = await session.registry.load([node]);
      if ('issues' in loaded) throw new AggregateError(toErrors(loaded.issues, 'graph_invalid'));
      const { rule } = loaded.rules.get(node.rule)!; // It was asked for.
      const slots = Object.entries(rule.models);
      const own =
        slots.find(([, { task }]) => task === entry.task) ?? (through === undefined ? undefined : slots[0]);
      if (own) return new ModelUser(node, rule, own[0], setting);
    }
    throw nobody(entry, through);
  }

  /** What the component makes of a film with the model. @throws {FlowError} of the film, the rule or the model */
  async use({ entry, run }: ShownModel, film: Film): Promise<Values> {
    const { signal } = new AbortController();
    const models: Record<string, BoundModel | undefined> = { [this.#slot]: boundModel(entry, run) };
    for (const [slot, { isOptional }] of Object.entries(this.#rule.models))
      if (slot !== this.#slot && !isOptional) models[slot] = await this.#other(slot);
    const world = realWorld();
    const inputs: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(this.#rule.inputs) as [string, InputSpec][]) {
      // Open rules have no models.
      if (spec.phase !== 'run') continue;
      const request = spec.modelRequest?.({ [this.#slot]: entry }) ?? {};
      const budget = budgetOf(this.#setting.session.profile, this.component);
      const made = await filmInput(spec.kind, film, { media: world.media, budget, request, signal });
      if (!made && !spec.isOptional) throw needsMore(this.component, name);
      inputs[name] = made;
    }
    const args: ErasedRunArgs = {
      ...world,
      ...{ inputs, models, signal, halo: {}, segment: undefined },
      params: this.#rule.params.parse(this.#node.params) as Values,
      // Both tell how a result came about; what two models are compared by is the result.
      empty: () => undefined,
      warn: () => undefined,
    };
    return this.#rule.run(args);
  }

  /** Another model of the component, as the profile has it. */
  async #other(slot: string): Promise<BoundModel> {
    const { session, models, thread } = this.#setting;
    const [first] = Object.keys(this.#rule.models);
    const rows = session.profile.models;
    const row = rows[`${this.component}.${slot}`] ?? (slot === first ? rows[this.component] : undefined);
    const found = row && models.catalog.find({ name: row.model, version: row.version });
    if (!found) throw lacks(this.component, slot, session.profile.name);
    return boundModel(found.entry, await thread.load(found.entry, await models.store.open(found)));
  }
}

/** Those first to which the profile gives models: to look at a rule takes a while. */
function nodesOf({ graph, profile }: Session): ComponentNode[] {
  const named = new Set(Object.keys(profile.models).map((key) => key.split('.')[0]));
  const [first, rest] = [true, false].map((isNamed) =>
    graph.components.filter(({ name }) => named.has(name) === isNamed),
  );
  return [...first!, ...rest!]; // Two lists, as of two words.
}

function unknownComponent(name: string, { graph }: Session): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--through',
    message: `Cannot use the model through "${name}": the graph has no such component.`,
    fix: suggestion(
      name,
      graph.components.map((node) => node.name),
    ),
  });
}

function nobody(entry: ModelEntry, through: string | undefined): FlowError {
  const model = modelName(entry);
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    ...(through !== undefined && { where: '--through' }),
    message:
      through === undefined
        ? `Cannot show films to ${model}: no component of the graph takes models for ${entry.task}.`
        : `Cannot show films to ${model}: the component "${through}" takes no models.`,
    fix: 'Name a component that makes its inputs in the same way, as --through core_clip for models of one picture.',
  });
}

function needsMore(component: string, input: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--through',
    message: `Cannot use the model through "${component}": its input "${input}" is neither frames nor sound.`,
    fix: 'Name a component that takes frames or sound alone.',
  });
}

function lacks(component: string, slot: string, profile: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot use the model through "${component}": that needs a model in its slot "${slot}" too, and the profile "${profile}" names none that is known.`,
    fix: `Name one in the profile: models: { ${component}.${slot}: … }.`,
  });
}
