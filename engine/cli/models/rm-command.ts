/** `flow models rm`: removes files of models from the store that the workspaces of this machine share. */
import { FlowError, printable } from '../../core/errors.ts';
import { modelName } from '../../core/model-entry.ts';
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

/**
 * @param words models; their files go, but for those that another model of the workspace has, too
 * @throws {FlowError} `config_invalid` if a word names nothing, or nobody can be asked
 */
export async function rmCommand(words: readonly string[], flags: RmFlags): Promise<void> {
  const { unused = false, dryRun = false, yes = false, json = false } = flags;
  if (unused === words.length > 0) throw namesOrUnused();
  using models = openModels(flags);
  const leaving = await filesToRemove(words, models);
  if (!dryRun && !yes && leaving.length > 0 && !(await isAgreed(leaving, models))) return;
  if (!dryRun) {
    await models.store.files.remove(leaving.map(({ sha256 }) => sha256));
    if (unused) await models.store.files.removeParts();
  }
  const heading = `${dryRun ? 'Would remove' : 'Removed'} ${totalText(leaving)}`;
  process.stdout.write(json ? jsonLine({ is_dry_run: dryRun, removed: leaving }) : listing(heading, leaving));
}

async function filesToRemove(words: readonly string[], { catalog, store }: OpenedModels): Promise<Leaving[]> {
  const byDigest = new Map<string, string[]>();
  for (const { entry } of catalog.all)
    for (const { sha256, path } of entry.files)
      if (sha256 !== undefined && path === undefined)
        byDigest.set(sha256, [...(byDigest.get(sha256) ?? []), modelName(entry)]);
  const chosen = new Set(chooseModels(words, catalog).map(({ entry }) => modelName(entry)));
  const goes = (owners: readonly string[]): boolean =>
    chosen.size === 0 ? owners.length === 0 : owners.length > 0 && owners.every((owner) => chosen.has(owner));
  return (await store.files.list()).flatMap(({ name, sizeBytes }) => {
    const owners = byDigest.get(name) ?? [];
    return goes(owners) ? [{ sha256: name, bytes: sizeBytes, models: owners }] : [];
  });
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
