/**
 * `models.lock.yaml`: what the files of models were when they were first used, for those whose entries do not say. It
 * lies beside flow.yaml and belongs to the sources of a workspace: what is fetched later has to be the same.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { FlowError } from '../../core/errors.ts';
import { checkDocument } from '../../core/issue.ts';
import { type ModelEntry, type ModelFile, modelName } from '../../core/model-entry.ts';
import { temporaryBeside } from '../../io/disk.ts';
import { exclusively } from '../../io/exclusively.ts';
import { shown } from '../shown-path.ts';
import type { Workspace } from '../workspace.ts';
import { readYaml, toErrors } from '../yaml-document.ts';

const pinSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().nonnegative(),
});

const lockSchema = z.strictObject({
  schema_version: z.literal(1),
  /** `name:version` → file → what it is. */
  models: z.record(z.string(), z.record(z.string(), pinSchema)),
});

export type Pin = z.output<typeof pinSchema>;
export type ModelsLock = z.output<typeof lockSchema>['models'];

type Place = Pick<Workspace, 'root' | 'stateFolder'>;

export function lockFile({ root }: Pick<Workspace, 'root'>): string {
  return join(root, 'models.lock.yaml');
}

/** @throws {FlowError} `config_invalid`, or an AggregateError of them */
export function readLock(workspace: Pick<Workspace, 'root'>): ModelsLock {
  const file = lockFile(workspace);
  if (!existsSync(file)) return {};
  const checked = checkDocument(file, lockSchema, readYaml(file, 'config_invalid'));
  if ('value' in checked) return checked.value.models;
  throw new AggregateError(toErrors(checked.issues, 'config_invalid'));
}

/** True for files whose digest is the lock's to say. */
export function isPinnable({ sha256 }: ModelFile): boolean {
  return sha256 === undefined;
}

/** The entry with the digests that the lock has for its files. */
export function withPins(entry: ModelEntry, lock: ModelsLock): ModelEntry {
  const pins = lock[modelName(entry)];
  if (!pins) return entry;
  return {
    ...entry,
    files: entry.files.map((file) => (isPinnable(file) ? { ...pins[file.name], ...file } : file)),
  };
}

/**
 * Adds to the lock what the files of a model are.
 *
 * @param isRenewed replaces what the lock says; else that has to be the same
 * @throws {FlowError} `model_digest_mismatch` if another process has pinned something else meanwhile
 */
export function addPins(
  entry: Pick<ModelEntry, 'name' | 'version'>,
  pins: Readonly<Record<string, Pin>>,
  { workspace, isRenewed = false }: { readonly workspace: Place; readonly isRenewed?: boolean },
): void {
  if (Object.keys(pins).length === 0) return;
  exclusively(join(workspace.stateFolder, 'models-lock.db'), () => {
    const lock = readLock(workspace);
    const before = lock[modelName(entry)] ?? {};
    const [changed] = Object.keys(pins).filter(
      (name) => before[name] && before[name].sha256 !== pins[name]!.sha256,
    );
    if (changed !== undefined && !isRenewed)
      throw pinnedOtherwise(entry, changed, [before[changed]!, pins[changed]!]);
    write(lockFile(workspace), { ...lock, [modelName(entry)]: { ...before, ...pins } });
  });
}

const heading = `# What the files of models are whose entries name no sha256: flow notes it at their first use.
# Keep this file with your sources. \`flow models lock\` completes it.
`;

function write(file: string, models: ModelsLock): void {
  const sorted = Object.fromEntries(
    Object.entries(models)
      .sort(byName)
      .map(([model, pins]) => [model, Object.fromEntries(Object.entries(pins).sort(byName))]),
  );
  const temporary = temporaryBeside(file);
  writeFileSync(temporary, heading + stringify({ schema_version: 1, models: sorted }), { flag: 'wx' });
  renameSync(temporary, file);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1; // By code unit: the file is the same on every machine.
}

function pinnedOtherwise(
  entry: Pick<ModelEntry, 'name' | 'version'>,
  name: string,
  [expected, found]: readonly [Pin, Pin],
): FlowError {
  return new FlowError({
    code: 'model_digest_mismatch',
    blame: 'user',
    where: shown('models.lock.yaml'),
    message: `Cannot pin "${name}" of the model ${modelName(entry)}: expected ${expected.sha256}, found ${found.sha256}.`,
    fix: `If the publisher has replaced the file, \`flow models lock ${modelName(entry)} --renew\` takes the new one.`,
  });
}
