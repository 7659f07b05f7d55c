/** What `flow models optimize`, `quantize` and `convert-fp16` have in common: a version is made, compared, and then kept. */
import { type FlowError, printable, toFlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import { requireFile } from '../../io/media/media-errors.ts';
import { inspectOnnx } from '../../io/models/inspect-onnx.ts';
import { jsonLine } from '../json-line.ts';
import { chooseModel } from '../models/choose-models.ts';
import { openModels } from '../models/open-models.ts';
import { shown } from '../shown-path.ts';
import { compareModels } from './compare-models.ts';
import { comparisonText } from './comparison-text.ts';
import { DraftVersion, faultOfVersion } from './draft-version.ts';
import type { Film } from './film-inputs.ts';
import { type FilmFlags, type Shown, withFilms } from './film-session.ts';
import { ModelThread } from './running-model.ts';

export interface VersionFlags extends FilmFlags {
  /** The new version. */
  readonly as?: string;
}

/** What a version is made from. */
export interface Making {
  readonly entry: ModelEntry;
  /** Of the graph, which ONNX Runtime can load. */
  readonly path: string;
  /** Undefined where no films are given. */
  readonly films: Shown | undefined;
}

export interface Made {
  readonly bytes: Uint8Array;
  /** What there is to tell; sentences. */
  readonly remarks?: readonly string[];
}

export interface NewVersion {
  /** Added to the version of the source, where `--as` gives no other. */
  readonly suffix: string;
  /** The command, as the entry tells it. */
  readonly by: string;
  /** What users of the version should know; sentences. */
  readonly note: string;
  /** What its weights are; left out where that stays as it was. */
  readonly precision?: ModelEntry['precision'];
  readonly films: readonly Film[];
  readonly make: (making: Making) => Promise<Made>;
}

/** @param word the model @throws {FlowError} what of models, films and files is wrong; nothing is kept then */
export async function makeVersion(word: string, flags: VersionFlags, about: NewVersion): Promise<void> {
  using models = openModels(flags);
  const { entry: source, ...rest } = chooseModel(word, models.catalog);
  const version = flags.as ?? `${source.version}-${about.suffix}`;
  const wrong = [faultOfVersion(source, version, models.catalog), ...(await faultsOfFilms(about.films))];
  throwAny(wrong.filter((one) => one !== undefined));
  const path = await models.store.open({ entry: source, ...rest });
  await inspectOnnx(path); // In a process of its own: from here on the file is known to do no harm.
  await using thread = new ModelThread();
  await withFilms(source, { flags, films: about.films, models, thread }, async (films) => {
    const { bytes, remarks = [] } = await about.make({ entry: source, path, films });
    using draft = await DraftVersion.create(bytes, { source, sourcePath: path, version, ...about });
    const comparison = await compareModels({ entry: source, path }, draft, { thread, films });
    const entry = await draft.publish(models.workspace);
    const name = modelName(draft.entry);
    const { made_from, files } = draft.entry;
    const text = [`Made ${name}: ${shown(entry)}`, ...remarks, '', comparisonText(comparison)].join('\n');
    process.stdout.write(
      flags.json
        ? jsonLine({ model: name, entry, sha256: files[0]!.sha256, made_from, remarks, comparison })
        : printable(text),
    );
  });
}

async function faultsOfFilms(films: readonly Film[]): Promise<(FlowError | undefined)[]> {
  return Promise.all(films.map(({ path }) => requireFile(path).then(() => undefined, toFlowError)));
}

/** All that is wrong at once. */
function throwAny(wrong: readonly FlowError[]): void {
  if (wrong.length > 1) throw new AggregateError(wrong);
  if (wrong[0]) throw wrong[0];
}
