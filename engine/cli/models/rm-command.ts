/** `flow models rm`: removes files of models from the store that the workspaces of this machine share. */
import { FlowError, printable } from '../../core/errors.ts';
import type { CatalogModel, ModelCatalog } from '../../core/model-catalog.ts';
import { type ModelFile, modelName } from '../../core/model-entry.ts';
import type { ModelStore } from '../../io/models/model-store.ts';
import { isConfirmed } from '../confirmation.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { shown } from '../shown-path.ts';
import { textTable } from '../text-table.ts';
import { chooseModels } from './choose-models.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';

export interface RmFlags extends ModelsFlags {
  readonly unused?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Leaving {
  readonly sha256: string;
  readonly bytes: number;
  /** `name:version` of the models of this workspace that it belongs to. */
  readonly models: readonly string[];
}

/** A file of a model that was named. */
interface Staying {
  /** `name:version`. */
  readonly model: string;
  readonly file: string;
  readonly why: string;
}

/**
 * @param words models; their files go, but for those that another model of the workspace has, too
 * @throws {FlowError} `config_invalid` if a word names nothing, or nobody can be asked
 */
export async function rmCommand(words: readonly string[], flags: RmFlags): Promise<void> {
  const { unused = false, dryRun = false, yes = false, json = false } = flags;
  if (unused === words.length > 0) throw namesOrUnused();
  using models = openModels(flags);
  const { catalog, store } = models;
  const [chosen, owners] = [chooseModels(words, catalog), ownersIn(catalog)];
  const leaving = await filesToRemove(chosen, owners, store);
  const staying = filesThatStay(chosen, owners, store);
  if (!dryRun && !yes && leaving.length > 0 && !(await isAgreed(leaving, models))) return;
  if (!dryRun) {
    await store.files.remove(leaving.map(({ sha256 }) => sha256));
    if (unused) await store.files.removeParts();
  }
  const heading = `${dryRun ? 'Would remove' : 'Removed'} ${totalText(leaving)}`;
  process.stdout.write(
    json
      ? jsonLine({ is_dry_run: dryRun, removed: leaving, kept: staying })
      : listing(heading, leaving) + (unused ? unusedText(leaving) : stayingText(staying)),
  );
}

/** `name:version` of the models that each file of the store belongs to, by its digest. */
type Owners = ReadonlyMap<string, readonly string[]>;

function ownersIn({ all }: ModelCatalog): Owners {
  const byDigest = new Map<string, string[]>();
  for (const { entry } of all)
    for (const { sha256, path } of entry.files)
      if (sha256 !== undefined && path === undefined)
        byDigest.set(sha256, [...(byDigest.get(sha256) ?? []), modelName(entry)]);
  return byDigest;
}

/** @param chosen models; none for what belongs to no model */
async function filesToRemove(
  chosen: readonly CatalogModel[],
  owners: Owners,
  { files }: ModelStore,
): Promise<Leaving[]> {
  const names = new Set(chosen.map(({ entry }) => modelName(entry)));
  const goes = (models: readonly string[]): boolean =>
    chosen.length === 0 ? models.length === 0 : models.length > 0 && models.every((one) => names.has(one));
  return (await files.list()).flatMap(({ name, sizeBytes }) => {
    const models = owners.get(name) ?? [];
    return goes(models) ? [{ sha256: name, bytes: sizeBytes, models }] : [];
  });
}

function filesThatStay(chosen: readonly CatalogModel[], owners: Owners, { files }: ModelStore): Staying[] {
  const names = chosen.map(({ entry }) => modelName(entry));
  const whyNot = ({ sha256, path }: ModelFile): string | undefined => {
    if (path !== undefined) return 'it lies beside its entry, not in the store';
    if (sha256 === undefined || !files.has(sha256)) return 'it is not in the store';
    const others = owners.get(sha256)!.filter((one) => !names.includes(one)); // It belongs to one at least.
    return others.length === 0 ? undefined : `it belongs to ${others.join(', ')}, too`;
  };
  return chosen.flatMap(({ entry }) =>
    entry.files.flatMap((file) => {
      const why = whyNot(file);
      return why === undefined ? [] : { model: modelName(entry), file: file.name, why };
    }),
  );
}

async function isAgreed(leaving: readonly Leaving[], { store }: OpenedModels): Promise<boolean> {
  if (!process.stdin.isTTY) throw notConfirmed(totalText(leaving));
  process.stderr.write(listing('To remove', leaving));
  const question = `Remove ${totalText(leaving)} from ${shown(store.files.folder)}, which other workspaces share?`;
  if (await isConfirmed(question)) return true;
  process.stderr.write('Nothing was removed.\n');
  return false;
}

function totalText(leaving: readonly Leaving[]): string {
  const bytes = leaving.reduce((sum, one) => sum + one.bytes, 0);
  return leaving.length === 0 ? 'nothing' : `${counted(leaving.length, 'file')}, ${sizeText(bytes)}`;
}

function listing(heading: string, leaving: readonly Leaving[]): string {
  if (leaving.length === 0) return `${heading}.\n`;
  const lines = textTable([
    { title: 'MODEL', cells: leaving.map(({ models }) => models.join(', ') || '–') },
    { title: 'SIZE', cells: leaving.map(({ bytes }) => sizeText(bytes)), isRight: true },
    { title: 'SHA256', cells: leaving.map(({ sha256 }) => sha256) },
  ]);
  return printable(`${[`${heading}:`, ...lines.map((line) => `  ${line}`)].join('\n')}\n`);
}

function stayingText(staying: readonly Staying[]): string {
  const lines = staying.map(({ model, file, why }) => `  ${model}  ${file}: ${why}\n`);
  return lines.length === 0 ? '' : printable(['Stays:\n', ...lines].join(''));
}

function unusedText(leaving: readonly Leaving[]): string {
  return leaving.length === 0 ? 'The store holds nothing that no entry of this workspace names.\n' : '';
}

function namesOrUnused(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: 'Cannot tell what to remove.',
    fix: 'Name models, or write --unused for the files that no entry of this workspace names.',
  });
}

function notConfirmed(total: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot remove ${total}: other workspaces share the store, and nobody can be asked whether to.`,
    fix: 'Add --yes; --dry-run shows what would go.',
  });
}
