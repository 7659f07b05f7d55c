/** `flow models info`: everything that is known of a model. */
import { FlowError, printable } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { type ModelEntry, type ModelTensor, modelName } from '../../core/model-entry.ts';
import { faultOfTensors } from '../../io/inference/fault-of-tensors.ts';
import { type InspectedModel, inspectOnnx } from '../../io/models/inspect-onnx.ts';
import type { Whereabouts } from '../../io/models/model-store.ts';
import { sizeText } from '../duration-text.ts';
import { errorDocument } from '../error-text.ts';
import { jsonLine } from '../json-line.ts';
import { shown } from '../shown-path.ts';
import type { Workspace } from '../workspace.ts';
import { terminalWidth, wrapped } from '../wrapped.ts';
import { toErrors } from '../yaml-document.ts';
import { chooseModels } from './choose-models.ts';
import { decoderIssues } from './decoder-issues.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';

interface Info {
  readonly model: CatalogModel;
  readonly where: Whereabouts;
  /** Of the graph; undefined where it is not here. */
  readonly path: string | undefined;
  readonly actual: InspectedModel | undefined;
  /** Why the file cannot be the entry's, or no component can read it; undefined if they can, or that is not known. */
  readonly fault: string | undefined;
  /** What it was made from, the nearest first. */
  readonly lineage: readonly NonNullable<ModelEntry['made_from']>[];
}

/** @param word `NAME:VERSION`, or `NAME` for all its versions @throws {FlowError} `config_invalid`, or an AggregateError of them */
export async function infoCommand(word: string, flags: ModelsFlags): Promise<void> {
  using models = openModels(flags);
  const infos: Info[] = [];
  for (const model of chooseModels([word], models.catalog)) {
    const info = await infoOf(model, models);
    infos.push({ ...info, fault: info.fault ?? (await decoderFault(model, models.workspace)) });
  }
  process.stdout.write(
    flags.json ? jsonLine({ models: infos.map(document) }) : printable(infos.map(textOf).join('\n')),
  );
}

async function infoOf(model: CatalogModel, { store, catalog }: OpenedModels): Promise<Info> {
  const where = await store.find(model);
  const path = where === 'here' || where === 'bundled' ? await store.open(model) : undefined;
  const lineage = lineageOf(model, catalog.find);
  if (path === undefined) {
    const faults = (await store.faults(model)).map(faultText);
    return { model, where, path, actual: undefined, fault: faults.join(' ') || undefined, lineage };
  }
  try {
    const actual = await inspectOnnx(path);
    return { model, where, path, actual, fault: faultOf(model.entry, actual), lineage };
  } catch (error) {
    if (!(error instanceof FlowError)) throw error;
    return { model, where, path, actual: undefined, fault: error.message, lineage }; // To tell it is what `info` is for.
  }
}

async function decoderFault(model: CatalogModel, workspace: Workspace): Promise<string | undefined> {
  const errors = toErrors(await decoderIssues(model, workspace), 'config_invalid');
  return errors.map(faultText).join(' ') || undefined;
}

/** With its place, its paths as they are seen from here. */
function faultText(error: FlowError): string {
  const { where: file, message, fix } = errorDocument(error);
  return `${file}: ${message} ${fix}`;
}

function faultOf({ inputs, outputs }: ModelEntry, actual: InspectedModel): string | undefined {
  return faultOfTensors('input', inputs, actual.inputs) ?? faultOfTensors('output', outputs, actual.outputs);
}

function lineageOf(model: CatalogModel, find: OpenedModels['catalog']['find']): Info['lineage'] {
  const lineage: NonNullable<ModelEntry['made_from']>[] = [];
  for (let here: CatalogModel | undefined = model; here?.entry.made_from; ) {
    const origin: NonNullable<ModelEntry['made_from']> = here.entry.made_from;
    if (lineage.includes(origin)) break; // Entries that say they were made from each other.
    lineage.push(origin);
    here = find({ name: origin.model, version: origin.version });
  }
  return lineage;
}

function document({ model, where, path, actual, fault, lineage }: Info): unknown {
  const unknown = { path: path ?? null, actual: actual ?? null, fault: fault ?? null };
  return { ...model.entry, entry: model.file, where, ...unknown, lineage };
}

const labelWidth = 11;

function textOf(info: Info): string {
  const { entry } = info.model;
  const rows: (readonly [label: string, text: string])[] = [
    ['model', `${modelName(entry)}, for ${entry.task}`],
    ...(entry.description === undefined ? [] : [['', entry.description] as const]),
    ['licence', entry.licence],
    ['source', entry.source],
    ...info.lineage.map(
      (one, index) => [index === 0 ? 'made from' : '', `${one.model}:${one.version}, by ${one.by}`] as const,
    ),
    ['entry', shown(info.model.file)],
    ['where', info.path === undefined ? info.where : `${info.where}: ${shown(info.path)}`],
    ...labelled('files', entry.files.flatMap(fileTexts)),
    ...(entry.precision === undefined ? [] : [['precision', entry.precision] as const]),
    ...labelled('inputs', entry.inputs.flatMap(inputTexts)),
    ...labelled('outputs', entry.outputs.map(tensorText)),
    ...(entry.decoder
      ? [['decoder', `${entry.decoder.name} ${settings(entry.decoder.params)}`] as const]
      : []),
    ...(entry.classes ? [['classes', classesText(entry.classes)] as const] : []),
    ['batch', `${entry.max_batch} at most; it may change outputs by ${entry.tolerance}`],
    ['check', checkText(info)],
  ];
  return rows.map(([label, text]) => row(label, text)).join('');
}

function row(label: string, text: string): string {
  const indent = labelWidth + text.length - text.trimStart().length;
  return `${label.padEnd(indent)}${wrapped(text.trimStart(), { indent, width: terminalWidth() })}\n`;
}

function labelled(label: string, texts: readonly string[]): (readonly [string, string])[] {
  return texts.map((text, index) => [index === 0 ? label : '', text]);
}

function fileTexts({ name, url, path, sha256, bytes }: ModelEntry['files'][number]): string[] {
  const place = path === undefined ? url : `beside its entry: ${path}`;
  return [
    bytes === undefined ? name : `${name}, ${sizeText(bytes)}`,
    ...(place === undefined ? [] : [`  ${place}`]),
    `  ${sha256 === undefined ? 'no digest' : `sha256:${sha256}`}`,
  ];
}

function inputTexts({ picture, sound, ...tensor }: ModelEntry['inputs'][number]): string[] {
  const made = picture ? `picture: ${settings(picture)}` : sound && `sound: ${settings(sound)}`;
  return [tensorText(tensor), ...(made ? [`  ${made}`] : [])];
}

function tensorText({ name, dtype, shape }: ModelTensor): string {
  return `${name}: ${dtype} [${shape.join(', ')}]`;
}

function settings(values: object): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${Array.isArray(value) ? `[${value.join(', ')}]` : JSON.stringify(value)}`)
    .join(', ')
    .replaceAll('"', '');
}

const mostClasses = 8;

function classesText(classes: readonly string[]): string {
  const rest = classes.length - mostClasses;
  return classes.slice(0, mostClasses).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

function checkText({ path, fault }: Info): string {
  if (fault !== undefined) return fault;
  return path === undefined
    ? 'its files are not here: what they declare is not known'
    : 'the file has the inputs and outputs that its entry names';
}
