/** `flow models list`: which models there are entries for, and where their files are. */
import { printable } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import type { Whereabouts } from '../../io/models/model-store.ts';
import { sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { textTable } from '../text-table.ts';
import { modelBytes } from './model-bytes.ts';
import { type ModelsFlags, openModels } from './open-models.ts';
import { refuseUnknownTask } from './refuse-unknown-task.ts';

export interface ListFlags extends ModelsFlags {
  readonly task?: string;
}

interface Row {
  readonly model: CatalogModel;
  readonly bytes: number | undefined;
  readonly where: Whereabouts;
}

/** @throws {FlowError} `config_invalid` for a task that no model is for; or an AggregateError of them */
export async function listCommand({ task, ...flags }: ListFlags): Promise<void> {
  using models = openModels(flags);
  const { catalog, store } = models;
  const rows: Row[] = [];
  if (task !== undefined) refuseUnknownTask(task, catalog, { act: 'list models' });
  for (const model of catalog.all.filter(({ entry }) => entry.task === (task ?? entry.task)))
    rows.push({ model, bytes: modelBytes(model, store.files), where: await store.find(model) });
  process.stdout.write(
    flags.json ? jsonLine({ models: rows.map(document) }) : printable(`${table(rows).join('\n')}\n`),
  );
}

function table(rows: readonly Row[]): string[] {
  return textTable([
    { title: 'MODEL', cells: rows.map(({ model }) => modelName(model.entry)) },
    { title: 'TASK', cells: rows.map(({ model }) => model.entry.task) },
    {
      title: 'SIZE',
      cells: rows.map(({ bytes }) => (bytes === undefined ? '?' : sizeText(bytes))),
      isRight: true,
    },
    { title: 'WHERE', cells: rows.map(({ where }) => where) },
    { title: 'LICENCE', cells: rows.map(({ model }) => model.entry.licence) },
  ]);
}

function document({ model: { entry, file }, bytes, where }: Row): unknown {
  const { name, version, task, licence } = entry;
  return { name, version, task, bytes: bytes ?? null, licence, where, entry: file };
}
