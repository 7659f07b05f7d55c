/** `flow models lock`: notes what the files of models are whose entries do not say it, or checks that it is noted. */
import { FlowError, printable } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { counted } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { shown } from '../shown-path.ts';
import { chooseModels, modelsOfProfile } from './choose-models.ts';
import { addPins, isPinnable, lockFile } from './models-lock.ts';
import { type ModelsFlags, type OpenedModels, openModels } from './open-models.ts';
import { pinsOf } from './pin-model.ts';

export interface LockFlags extends ModelsFlags {
  readonly profile?: string;
  readonly check?: boolean;
  readonly renew?: boolean;
}

interface Locked {
  /** `name:version`. */
  readonly model: string;
  /** Those that neither the entry nor, until now, the lock says the digest of. */
  readonly files: readonly string[];
}

/**
 * @param words models; none for those of the profile
 * @returns the exit status: with `check` 1 if something is not pinned
 * @throws {FlowError} `config_invalid`, and as `ModelStore.open`
 */
export async function lockCommand(words: readonly string[], flags: LockFlags): Promise<number> {
  const { profile, check = false, renew = false, json } = flags;
  if (check && renew) throw checkOrRenew();
  using models = openModels(flags, { isUnlocked: renew });
  const { workspace, catalog } = models;
  const wanted =
    words.length > 0 ? chooseModels(words, catalog) : modelsOfProfile(profile, { workspace, catalog });
  const open = wanted.filter(({ entry }) => entry.files.some(isPinnable));
  if (!check) for (const model of open) await pin(model, models, { isRenewed: renew });
  const locked = open.map(toLocked);
  process.stdout.write(
    json
      ? jsonLine({ lock: lockFile(workspace), [check ? 'missing' : 'pinned']: locked })
      : printable(`${textOf(locked, { lock: shown(lockFile(workspace)), check }).join('\n')}\n`),
  );
  return check && locked.length > 0 ? 1 : 0;
}

async function pin(
  model: CatalogModel,
  { store, workspace }: OpenedModels,
  { isRenewed }: { readonly isRenewed: boolean },
): Promise<void> {
  addPins(model.entry, pinsOf(model, await store.pin(model)), { workspace, isRenewed });
}

function toLocked({ entry }: CatalogModel): Locked {
  return { model: modelName(entry), files: entry.files.filter(isPinnable).map(({ name }) => name) };
}

function textOf(
  locked: readonly Locked[],
  { lock, check }: { readonly lock: string; readonly check: boolean },
): string[] {
  if (locked.length === 0) return ['Every file of these models has a digest.'];
  const files = locked.flatMap(({ model, files: names }) => names.map((name) => `  ${model}  ${name}`));
  return check
    ? [
        `${lock} lacks ${counted(files.length, 'digest')}:`,
        ...files,
        '`flow models lock` notes what they are.',
      ]
    : [`Noted in ${lock}:`, ...files];
}

function checkOrRenew(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--check',
    message: 'Cannot check the lock and renew it.',
    fix: 'Leave out --check, or --renew.',
  });
}
