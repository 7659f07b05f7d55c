/** `flow models compare`: holds one model against another. */
import { FlowError, printable } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import { jsonLine } from '../json-line.ts';
import { chooseModel } from '../models/choose-models.ts';
import { openModels } from '../models/open-models.ts';
import { compareModels } from './compare-models.ts';
import { comparisonText } from './comparison-text.ts';
import { type FilmFlags, filmsOf, withFilms } from './film-session.ts';
import { ModelThread } from './running-model.ts';

export interface CompareFlags extends FilmFlags {
  readonly frames?: readonly string[];
  readonly count: number;
  readonly minCosine?: number;
}

/** @returns the exit status: 1 if an item's cosine is lower than what is asked for @throws {FlowError} */
export async function compareCommand(wordA: string, wordB: string, flags: CompareFlags): Promise<number> {
  using models = openModels(flags);
  const [a, b] = [chooseModel(wordA, models.catalog), chooseModel(wordB, models.catalog)];
  if (a.entry.task !== b.entry.task) throw unlike(a.entry, b.entry);
  const paths = { a: await models.store.open(a), b: await models.store.open(b) };
  await using thread = new ModelThread();
  const films = filmsOf(flags.frames ?? [], flags.count);
  const comparison = await withFilms(a.entry, { flags, films, models, thread }, (shown) =>
    compareModels(
      { entry: a.entry, path: paths.a },
      { entry: b.entry, path: paths.b },
      { thread, films: shown },
    ),
  );
  process.stdout.write(flags.json ? jsonLine(comparison) : printable(comparisonText(comparison)));
  const { minCosine } = flags;
  if (minCosine === undefined) return 0;
  const cosines = Object.values(comparison.outputs).map((one) => one.minCosine);
  if (cosines.length === 0) throw incomparable();
  return cosines.some((cosine) => cosine < minCosine) ? 1 : 0;
}

function unlike(a: ModelEntry, b: ModelEntry): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot compare ${modelName(a)} with ${modelName(b)}: one is for ${a.task}, the other for ${b.task}.`,
    fix: 'Compare models of one task: `flow models list --task TASK` shows them.',
  });
}

function incomparable(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--min-cosine',
    message: 'Cannot hold a cosine against --min-cosine: the models take or give other tensors.',
    fix: 'Compare versions of one model, or leave the flag out.',
  });
}
