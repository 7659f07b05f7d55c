/** `flow models add`: takes a model file into the store, and writes an entry for its user to complete. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FlowError, fileReason, printable } from '../../core/errors.ts';
import type { CatalogModel, ModelCatalog } from '../../core/model-catalog.ts';
import { type ModelEntry, modelName, parseModelEntry } from '../../core/model-entry.ts';
import { inspectOnnx } from '../../io/models/inspect-onnx.ts';
import { sha256OfFile } from '../../io/models/sha256-of-file.ts';
import { jsonLine } from '../json-line.ts';
import { shown } from '../shown-path.ts';
import { likeModel } from './like-model.ts';
import { type EntryFile, newEntry, newEntryText } from './new-entry.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';
import { refuseUnknownTask } from './refuse-unknown-task.ts';

export interface AddFlags extends ModelsFlags {
  readonly task: string;
  /** No entry is for the task yet. */
  readonly newTask?: boolean;
  /** `NAME` or `NAME:VERSION`. */
  readonly name?: string;
  readonly licence?: string;
  readonly source?: string;
  readonly url?: string;
  /** A known model of the task: how inputs are made and outputs read is taken from it. */
  readonly like?: string;
  /** Files that the graph refers to. */
  readonly data?: readonly string[];
}

/** @throws {FlowError} `config_invalid`; `model_io_mismatch` for a file that is no model, or none that flow can use */
export async function addCommand(path: string, flags: AddFlags): Promise<void> {
  using models = openModels(flags);
  const { catalog } = models;
  if (!flags.newTask) refuseUnknownTask(flags.task, catalog, { act: 'add a model', otherwise: ownTask });
  const like = flags.like === undefined ? undefined : likeModel(flags.like, flags.task, catalog);
  const facts = await inspectOnnx(path);
  const paths = [path, ...(flags.data ?? [])];
  const files: EntryFile[] = [];
  for (const one of paths) files.push(await factsOfFile(one));
  const [own, version] = flags.name?.split(/:(.*)/) ?? [];
  const document = newEntry({
    ...flags,
    ...{ path, files, facts, like },
    ...(own !== undefined && { name: own }),
    ...(version !== undefined && { version }),
  });
  const entry = checked(document, path);
  const place = join(models.workspace.root, 'models', `${entry.name}-${entry.version}.yaml`);
  const name = modelName(entry);
  const taken = catalog.names.includes(name) && catalog.find(entry);
  if (taken) throw nameTaken(taken, own === undefined ? path : '--name');
  for (const one of paths) await models.store.files.add(one);
  writeNew(place, newEntryText(document, { like: flags.like }));
  process.stdout.write(
    flags.json ? jsonLine({ model: name, entry: place, files }) : printable(toldOf(entry, place, models)),
  );
}

async function factsOfFile(path: string): Promise<EntryFile> {
  try {
    return { name: basename(path), sha256: await sha256OfFile(path), bytes: statSync(path).size };
  } catch (cause) {
    throw refused(
      path,
      `Cannot read the file: ${fileReason(cause as NodeJS.ErrnoException)}.`,
      'Check its name.',
    );
  }
}

/** Places in an entry that flags fill. */
const flagged: Readonly<Record<string, string>> = {
  name: '--name',
  version: '--name',
  task: '--task',
  licence: '--licence',
  source: '--source',
  'files.0.url': '--url',
};

/** The document as an entry. @throws {AggregateError} of `FlowError`s `config_invalid`, where flags do not fit into one */
function checked(document: unknown, path: string): ModelEntry {
  const parsed = parseModelEntry(path, document);
  if ('entry' in parsed) return parsed.entry;
  throw new AggregateError(
    parsed.issues.map((issue) => refused(flagged[issue.path.join('.')] ?? path, issue.message, issue.fix)),
  );
}

function writeNew(place: string, text: string): void {
  mkdirSync(dirname(place), { recursive: true });
  try {
    writeFileSync(place, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw refused(
      shown(place),
      'Cannot write the entry: a file is in the way.',
      'Rename it, or give another --name.',
    );
  }
}

function toldOf(entry: ModelEntry, place: string, { store, catalog }: OpenedModels): string {
  const { name, version } = entry;
  return `Added ${modelName(entry)} to ${shown(store.files.folder)}, which all workspaces share.
Now complete ${shown(place)}: its comments say what only the model's publisher knows.
${decoderNeed(entry, catalog)}Then name it in a profile: models: { COMPONENT: { model: ${name}, version: '${version}' } }
`;
}

/** A line where the entry names no decoder, and those of all other models for the task do; else nothing. */
function decoderNeed({ name, task, decoder }: ModelEntry, { all }: ModelCatalog): string {
  const peers = all.filter(({ entry }) => entry.task === task && entry.name !== name);
  const known = peers.flatMap(({ entry }) => entry.decoder?.name ?? []);
  if (decoder || peers.length === 0 || known.length < peers.length) return '';
  return `It cannot be used without a decoder, as models for ${task} need one: known models name ${[...new Set(known)].sort().join(', ')}.
`;
}

const ownTask = 'A task that only rules of your own take is added with --new-task.';

function nameTaken({ entry, file }: CatalogModel, where: string): FlowError {
  return refused(
    where,
    `Cannot add ${modelName(entry)}: ${file} has this name and version.`,
    'Give others with --name NAME:VERSION.',
  );
}

function refused(where: string, message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where, message, fix });
}
