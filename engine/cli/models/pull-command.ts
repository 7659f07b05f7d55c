/** `flow models pull`: brings the files of models into the store. */
import { type ErrorCode, FlowError, isUsage, printable, toFlowError } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { sizeText } from '../duration-text.ts';
import { type ErrorDocument, errorDocument, errorText } from '../error-text.ts';
import { jsonLine } from '../json-line.ts';
import { chooseModels, modelsOfProfile } from './choose-models.ts';
import { modelBytes } from './model-bytes.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';
import { pinningTo } from './pin-model.ts';

export interface PullFlags extends ModelsFlags {
  readonly profile?: string;
  readonly all?: boolean;
  /** Neither a server nor a URL is asked. */
  readonly offline?: boolean;
}

interface Pulled {
  readonly model: string;
  readonly outcome: 'pulled' | 'here' | 'failed';
  readonly bytes: number | null;
  readonly error?: ErrorDocument;
}

/**
 * @param words models; none for those of the profile
 * @returns the exit status: 1 if a model could not be had, 2 if a setting is the reason
 * @throws {FlowError} `config_invalid`, or an AggregateError of them
 */
export async function pullCommand(words: readonly string[], flags: PullFlags): Promise<number> {
  using models = openModels(flags, { isOffline: flags.offline ?? false });
  const pulled: Pulled[] = [];
  for (const model of wantedModels(words, flags, models)) {
    const one = await pull(model, flags, models);
    pulled.push(one);
    if (!flags.json) process.stdout.write(printable(lineOf(one)));
  }
  if (flags.json) process.stdout.write(jsonLine({ models: pulled }));
  else if (pulled.length === 0) process.stdout.write('The profile names no models.\n');
  return exitStatus(pulled.flatMap(({ error }) => error?.code ?? []));
}

function exitStatus(faults: readonly ErrorCode[]): number {
  if (faults.length === 0) return 0;
  return faults.some(isUsage) ? 2 : 1;
}

function wantedModels(
  words: readonly string[],
  { profile, all = false }: PullFlags,
  { workspace, catalog }: OpenedModels,
): readonly CatalogModel[] {
  const ways = [words.length > 0, profile !== undefined, all].filter(Boolean);
  if (ways.length > 1) throw tooManyWays();
  if (words.length > 0) return chooseModels(words, catalog);
  return all ? catalog.all : modelsOfProfile(profile, { workspace, catalog });
}

/** One that fails does not keep the others from being tried. */
async function pull(
  model: CatalogModel,
  { offline = false }: PullFlags,
  { store, workspace }: OpenedModels,
): Promise<Pulled> {
  const name = modelName(model.entry);
  try {
    const where = await store.find(model);
    const wasHere = where === 'here' || where === 'bundled';
    if (where === 'mirror' || (where === 'not here' && !offline))
      tellOf(model, modelBytes(model, store.files));
    const pinned = await pinningTo(workspace, store)(model);
    await store.open(pinned);
    const bytes = modelBytes(pinned, store.files) ?? null;
    return { model: name, outcome: wasHere ? 'here' : 'pulled', bytes };
  } catch (thrown) {
    const error = toFlowError(thrown);
    process.stderr.write(`${errorText(error)}\n`);
    return { model: name, outcome: 'failed', bytes: null, error: errorDocument(error) };
  }
}

function tellOf({ entry }: CatalogModel, bytes: number | undefined): void {
  const size = bytes === undefined ? '' : `, ${sizeText(bytes)}`;
  process.stderr.write(printable(`fetching ${modelName(entry)}${size}\n`));
}

function lineOf({ model, outcome, bytes }: Pulled): string {
  return `${outcome.padEnd('pulled'.length)}  ${model}${bytes === null ? '' : `  ${sizeText(bytes)}`}\n`;
}

function tooManyWays(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: 'Cannot tell which models to pull: names, --profile and --all are three ways to say it.',
    fix: 'Use one of them.',
  });
}
