/** `flow models verify`: reads the files of models again, and with --repair puts whole ones in the place of damaged ones. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { sha256OfFile } from '../../io/models/sha256-of-file.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { shown } from '../shown-path.ts';
import { chooseModels } from './choose-models.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';

export interface VerifyFlags extends ModelsFlags {
  readonly repair?: boolean;
}

interface Checked {
  readonly path: string;
  readonly expected: string;
  readonly bytes: number;
  /** Those whose files have this digest. */
  readonly models: readonly CatalogModel[];
  readonly isBundled: boolean;
}

interface Damaged extends Checked {
  readonly found: string;
  readonly outcome: 'damaged' | 'removed' | 'pulled again';
}

/** A file of a model that was asked for. */
interface Unread {
  /** `name:version`. */
  readonly model: string;
  readonly file: string;
  readonly why: string;
}

interface Verified {
  readonly checked: readonly Checked[];
  readonly damaged: readonly Damaged[];
  readonly unread: readonly Unread[];
}

/**
 * @param words models; none for all that is here
 * @returns the exit status: 1 if something is damaged now
 * @throws {FlowError} `config_invalid`, and with `repair` as `ModelStore.open`
 */
export async function verifyCommand(words: readonly string[], flags: VerifyFlags): Promise<number> {
  using models = openModels(flags);
  const checked = await filesToCheck(words, models);
  const damaged: Damaged[] = [];
  for (const file of checked) {
    const found = await sha256OfFile(file.path);
    if (found === file.expected) continue;
    damaged.push({ ...file, found, outcome: flags.repair ? await repair(file, models) : 'damaged' });
  }
  const unread = words.length > 0 ? unreadFiles(words, models) : [];
  const verified = { checked, damaged, unread };
  process.stdout.write(
    flags.json ? jsonLine(document(verified)) : printable(`${textOf(verified).join('\n')}\n`),
  );
  return damaged.some(({ outcome }) => outcome === 'damaged') ? 1 : 0;
}

async function filesToCheck(words: readonly string[], { catalog, store }: OpenedModels): Promise<Checked[]> {
  const chosen = words.length > 0 ? chooseModels(words, catalog) : catalog.all;
  const byDigest = new Map<string, CatalogModel[]>();
  const bundled: Checked[] = [];
  for (const model of chosen)
    for (const { path, sha256 } of model.entry.files) {
      if (sha256 === undefined) continue; // Nothing says what it should be.
      const place = path === undefined ? undefined : resolve(model.folder, path);
      const bytes = place && statSync(place, { throwIfNoEntry: false })?.size;
      if (place === undefined) byDigest.set(sha256, [...(byDigest.get(sha256) ?? []), model]);
      else if (bytes !== undefined)
        bundled.push({
          path: place,
          expected: sha256,
          bytes: bytes as number,
          models: [model],
          isBundled: true,
        });
    }
  const stored = (await store.files.list()).filter(({ name }) => words.length === 0 || byDigest.has(name));
  return [
    ...bundled,
    ...stored.map(({ path, name, sizeBytes }) => ({
      path,
      expected: name,
      bytes: sizeBytes,
      models: byDigest.get(name) ?? [],
      isBundled: false,
    })),
  ];
}

function unreadFiles(words: readonly string[], { catalog, store }: OpenedModels): Unread[] {
  return chooseModels(words, catalog).flatMap(({ entry, folder }) => {
    const model = modelName(entry);
    return entry.files.flatMap(({ name: file, path, sha256 }) => {
      if (sha256 === undefined)
        return { model, file, why: `its digest is not known yet; \`flow models lock ${model}\` notes it` };
      const place = path === undefined ? store.files.pathOf(sha256) : resolve(folder, path);
      return existsSync(place) ? [] : { model, file, why: 'it is not here' };
    });
  });
}

/** What no entry of the workspace names is removed all the same: it is of no use to anybody. */
async function repair(
  { expected, models, isBundled }: Checked,
  { store }: OpenedModels,
): Promise<Damaged['outcome']> {
  if (isBundled) return 'damaged';
  await store.files.remove([expected]);
  const [model] = models;
  if (!model) return 'removed';
  await store.open(model);
  return 'pulled again';
}

function textOf({ checked, damaged, unread }: Verified): string[] {
  const said = checked.length === 0 ? ['There is nothing to verify.'] : readText(checked, damaged);
  const lines = unread.map(({ model, file, why }) => `  ${model}  ${file}: ${why}`);
  return lines.length === 0 ? said : [...said, 'Not read:', ...lines];
}

function readText(checked: readonly Checked[], damaged: readonly Damaged[]): string[] {
  const bytes = checked.reduce((sum, one) => sum + one.bytes, 0);
  const read = `Read ${counted(checked.length, 'file')}, ${sizeText(bytes)}`;
  if (damaged.length === 0) return [`${read}: all are whole.`];
  const left = damaged.filter(({ outcome }) => outcome === 'damaged');
  return [
    `${read}. Damaged:`,
    ...damaged.flatMap((one) => [
      `  ${namesOf(one)}  ${shown(one.path)}: ${one.outcome}`,
      `    expected ${one.expected}, found ${one.found}`,
    ]),
    ...(left.some(({ isBundled }) => !isBundled) ? ['`flow models verify --repair` pulls them again.'] : []),
    ...(left.some(({ isBundled }) => isBundled)
      ? ['What lies beside its entry has to be brought back from where the entry is from.']
      : []),
  ];
}

function namesOf({ models }: Checked): string {
  return models.map(({ entry }) => modelName(entry)).join(', ') || 'of no model of this workspace';
}

function document({ checked, damaged, unread }: Verified): unknown {
  return {
    files: checked.length,
    bytes: checked.reduce((sum, one) => sum + one.bytes, 0),
    damaged: damaged.map(({ path, expected, found, outcome, models }) => ({
      path,
      expected,
      found,
      outcome,
      models: models.map(({ entry }) => modelName(entry)),
    })),
    unread,
  };
}
