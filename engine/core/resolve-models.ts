/** Which model goes into each slot of a component: what its profile says, held against the rule and the catalog. */
import type { AssignedModel, DeviceName, EngineName } from './assigned-model.ts';
import type { ModelSlot } from './bound-model.ts';
import type { ErrorCode } from './errors.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import { type CatalogModel, likelyModel, type ModelCatalog } from './model-catalog.ts';
import { type ModelEntry, modelName } from './model-entry.ts';
import { suggestion } from './nearest.ts';
import { fileSaying, type Profile, type ProfileModel } from './profile.ts';
import type { Rule } from './rule.ts';
import { weightsDigest } from './weights-digest.ts';

/** What of the machine decides about models. */
export interface ModelWorld {
  readonly catalog: ModelCatalog;
  /** What `device: auto` comes to with ONNX Runtime. */
  readonly bestDevice: DeviceName;
  /** `onnxruntime@1.30`. */
  readonly engineVersions: Readonly<Record<EngineName, string>>;
  /** Models without a published digest whose files could not be had, by `name:version`. */
  readonly unpinned: ReadonlyMap<string, Lack>;
}

/** What a component cannot do without. */
export interface Lack {
  /** A clause. */
  readonly why: string;
  /** What to do about it, a sentence. */
  readonly fix: string;
  /** Of the error that it is, where it is required; undefined where the profile is at fault. */
  readonly code?: ErrorCode;
}

export interface SlotModels {
  readonly models: readonly AssignedModel[];
  /** What the component cannot do without: 'the profile names no model for …'; undefined if it has everything. */
  readonly lack: string | undefined;
}

interface Setting {
  readonly profile: Profile;
  readonly world: ModelWorld;
  readonly issues: Issue[];
}

/** @param component its name, and whether the run can do without it; what is wrong is added to `issues` */
export function resolveModels(
  component: { readonly name: string; readonly isRequired: boolean },
  { models: slots }: Rule,
  setting: Setting,
): SlotModels {
  const rows = rowsOf(component.name, Object.keys(slots), setting);
  const models: AssignedModel[] = [];
  let lack: Lack | undefined;
  for (const [slot, wanted] of Object.entries(slots)) {
    const row = rows.get(slot);
    const assigned = row ? assign(row, { slot, wanted }, setting) : noModelFor(slot, setting);
    if (assigned === undefined) continue; // An issue says why.
    if ('model' in assigned) models.push(assigned);
    else if (row || !wanted.isOptional) lack ??= assigned;
  }
  if (lack !== undefined && component.isRequired) setting.issues.push(lacking(component.name, lack, setting));
  return { models, lack: lack?.why };
}

interface Row extends ProfileModel {
  /** Its key in the profile: `component`, or `component.slot`. */
  readonly key: string;
  /** Of the component. */
  readonly memoryMiB: number | undefined;
}

/** What the profile says for each slot: the component's own name stands for the first one. */
function rowsOf(name: string, slots: readonly string[], { profile, issues }: Setting): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const [key, row] of Object.entries(profile.models)) {
    const [owner, slot = slots[0]] = key.split('.');
    if (owner !== name) continue;
    if (slot === undefined || !slots.includes(slot)) issues.push(unknownSlot(key, { name, slots, profile }));
    else if (rows.has(slot)) issues.push(slotTaken(key, rows.get(slot)!, profile));
    else rows.set(slot, { ...row, key, memoryMiB: profile.resources[name]?.gpuMemoryMiB });
  }
  return rows;
}

/** @returns the model, or why it cannot be had; undefined where an issue says what is wrong with the profile */
function assign(
  row: Row,
  { slot, wanted: { task, decoders, takes } }: { readonly slot: string; readonly wanted: ModelSlot },
  { profile, world, issues }: Setting,
): AssignedModel | Lack | undefined {
  const wanted = { name: row.model, version: row.version };
  const model = world.catalog.find(wanted);
  if (!model) {
    issues.push(unknownModel(row, task, { profile, catalog: world.catalog }));
    return undefined;
  }
  if (model.entry.task !== task) {
    issues.push(wrongTask(row, { task, model, profile, catalog: world.catalog }));
    return undefined;
  }
  const otherInputs = takes && inputFault(model.entry, takes);
  if (otherInputs !== undefined) {
    issues.push(wrongInputs(row, { fault: otherInputs, model, profile }));
    return undefined;
  }
  const misread = decoders ? issuesOfDecoder(model, decoders) : [];
  if (misread.length > 0) {
    issues.push(...misread);
    return undefined;
  }
  const digest = weightsDigest(model.entry);
  if (digest === undefined) return world.unpinned.get(modelName(wanted)) ?? unpinnedModel(modelName(wanted));
  const { engine, memoryMiB } = row;
  const { precision = 'fp32' } = model.entry;
  if (row.precision !== undefined && row.precision !== precision) {
    issues.push(wrongPrecision(row, model, profile));
    return undefined;
  }
  const engineVersion = world.engineVersions[engine];
  return {
    slot,
    model,
    weightsDigest: digest,
    engine,
    engineVersion,
    precision,
    device: deviceOf(row, world),
    memoryMiB,
  };
}

function deviceOf({ engine, device }: Row, { bestDevice }: ModelWorld): DeviceName {
  if (engine === 'triton') return 'remote';
  return device === 'auto' ? bestDevice : device;
}

function noModelFor(slot: string, { profile }: Setting): Lack {
  return {
    why: `the profile "${profile.name}" names no model for its slot "${slot}"`,
    fix: 'Name one under "models" (`flow models list` shows what there is).',
  };
}

/** @param name `name:version` of a model whose files have no digest yet */
export function unpinnedModel(name: string): Lack {
  return {
    why: `the digest of ${name} is not known yet: \`flow models lock\` finds it out`,
    fix: `Give \`flow models lock ${name}\`.`,
  };
}

// ---- What is wrong --------------------------------------------------------------------------------------------------

function issueAt(
  profile: Profile,
  path: IssuePath,
  rest: Pick<Issue, 'isKey' | 'message' | 'fix' | 'code'>,
): Issue {
  return { file: fileSaying(profile, path) ?? profile.documents.at(-1)!.file, path, ...rest };
}

function unknownSlot(
  key: string,
  {
    name,
    slots,
    profile,
  }: { readonly name: string; readonly slots: readonly string[]; readonly profile: Profile },
): Issue {
  const has = slots.length === 0 ? 'works with no model' : 'has no such slot';
  return issueAt(profile, ['models', key], {
    isKey: true,
    message: `Cannot give a model to "${key}": the rule of "${name}" ${has}.`,
    fix: suggestion(
      key,
      slots.flatMap((slot, index) => (index === 0 ? [name, `${name}.${slot}`] : [`${name}.${slot}`])),
    ),
  });
}

function slotTaken(key: string, { key: taken }: Row, profile: Profile): Issue {
  const elder = ['models', taken];
  return {
    ...issueAt(profile, ['models', key], {
      isKey: true,
      message: `Cannot give a model to "${key}": the row "${taken}" is for the same slot.`,
      fix: `Write "${taken}": a row inherits from, and stands in for, those of its own name alone.`,
    }),
    other: { file: fileSaying(profile, elder)!, path: elder }, // The row stands in one of the profile's documents.
  };
}

interface Around {
  readonly profile: Profile;
  readonly catalog: ModelCatalog;
}

function unknownModel({ key, model, version }: Row, task: string, { profile, catalog }: Around): Issue {
  const wanted = { name: model, version };
  return issueAt(profile, ['models', key, 'model'], {
    isKey: false,
    message: `Cannot use the model "${modelName(wanted)}": no entry has this name and version.`,
    fix: likelyModel(catalog, wanted, task),
  });
}

function wrongTask(
  { key }: Row,
  { task, model, profile, catalog }: Around & { readonly task: string; readonly model: CatalogModel },
): Issue {
  const name = modelName(model.entry);
  return issueAt(profile, ['models', key, 'model'], {
    isKey: false,
    message: `Cannot use "${name}" for "${key}": it is for ${model.entry.task}, and ${task} is wanted.`,
    fix: likelyModel(catalog, model.entry, task),
  });
}

/** Why a rule cannot give a model the one input that it makes, a clause; undefined if it can. */
function inputFault({ inputs }: ModelEntry, takes: NonNullable<ModelSlot['takes']>): string | undefined {
  const [input, ...others] = inputs;
  if (others.length > 0) return `it has ${inputs.length} inputs, and one of ${takes} is given`;
  return input![takes] ? undefined : `the entry of its input "${input!.name}" has no "${takes}"`; // One at least.
}

function wrongInputs(
  { key }: Row,
  {
    fault,
    model,
    profile,
  }: { readonly fault: string; readonly model: CatalogModel; readonly profile: Profile },
): Issue {
  return {
    ...issueAt(profile, ['models', key, 'model'], {
      isKey: false,
      message: `Cannot use "${modelName(model.entry)}" for "${key}": ${fault}.`,
      fix: 'Name another model, or correct its entry.',
    }),
    other: { file: model.file, path: ['inputs'] },
  };
}

function wrongPrecision({ key, precision }: Row, { entry }: CatalogModel, profile: Profile): Issue {
  const said =
    entry.precision === undefined
      ? 'its entry says no precision, which means fp32'
      : `its entry says that it is ${entry.precision}`;
  return issueAt(profile, ['models', key, 'precision'], {
    isKey: false,
    message: `Cannot use "${modelName(entry)}" as ${precision}: ${said}.`,
    fix: `Leave it out, or name a version of the model that is ${precision}.`,
  });
}

/** Whether the outputs of a model can be read: what its entry says of that, held against what the rule has. */
export function issuesOfDecoder(
  { entry, file }: CatalogModel,
  decoders: NonNullable<ModelSlot['decoders']>,
): Issue[] {
  const cannot = `Cannot use the model ${modelName(entry)} for ${entry.task}`;
  const names = [...decoders.keys()];
  if (!entry.decoder) {
    const fix = `Name one of these under "decoder": ${names.join(', ')}.`;
    return [{ file, path: ['task'], isKey: false, message: `${cannot}: its entry names no decoder.`, fix }];
  }
  const { name, params } = entry.decoder;
  const decoder = decoders.get(name);
  if (!decoder) {
    const message = `${cannot}: there is no decoder "${name}" for it.`;
    return [{ file, path: ['decoder', 'name'], isKey: false, message, fix: suggestion(name, names) }];
  }
  const checked = checkDocument(file, decoder.params, params, ['decoder', 'params']);
  return 'issues' in checked ? checked.issues : [];
}

function lacking(name: string, { why, fix, code }: Lack, { profile }: Setting): Issue {
  return issueAt(profile, ['models'], {
    isKey: true,
    ...(code && { code }),
    message: `Cannot run "${name}", which is required: ${why}.`,
    fix: `${fix} If "${name}" can be done without, say "required: false" for it.`,
  });
}
