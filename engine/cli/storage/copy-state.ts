/** Brings the state of one run from one storage to another: its journal and its checkpoints, each as a whole. */
import { basename, dirname } from 'node:path';
import { eachOf } from '../../core/each-of.ts';
import { contentOf, type Storage, type StorageKey, storageKey, wholeOf } from '../../core/storage.ts';
import { journalName, runStateName } from '../../run/run-journal.ts';
import type { RunCopy } from './copy-run.ts';

const mostAtOnce = 4;

/** Where there is no state in `from`, that in `to` stays. @throws {FlowError} what the storages throw */
export async function copyState({ from, to, name }: RunCopy): Promise<void> {
  const keys = await stateKeys(from, name);
  if (keys.length === 0) return;
  const [journals, checkpoints] = [keys.filter(isJournal), keys.filter((key) => !isJournal(key))];
  // First the journal: who finds a checkpoint that lags behind it goes by the journal.
  await eachOf(journals, 1, (key) => copyWhole(from, to, key));
  await eachOf(checkpoints, mostAtOnce, (key) => copyWhole(from, to, key));
  const isGone = (key: StorageKey): boolean => !keys.includes(key);
  await eachOf((await stateKeys(to, name)).filter(isGone), mostAtOnce, (key) => to.remove(key));
}

/** Only what tells whether the run goes on, and where. */
export async function copyRunState({ from, to, name }: RunCopy): Promise<void> {
  await copyWhole(from, to, storageKey(`${name}/${runStateName}`));
}

/** Results may lie beside them, where both have one place. */
async function stateKeys(storage: Storage, name: string): Promise<StorageKey[]> {
  const keys: StorageKey[] = [];
  for await (const { key } of storage.list(storageKey(name)))
    if (dirname(key) === name && (key.endsWith(runStateName) || /^state_.*\.jsonl?$/.test(basename(key))))
      keys.push(key);
  return keys;
}

function isJournal(key: StorageKey): boolean {
  return basename(key) === journalName;
}

/** A journal grows while it is read: it is sent as it was at one moment. */
async function copyWhole(from: Storage, to: Storage, key: StorageKey): Promise<void> {
  const found = await from.read(key);
  if (found) await to.write(key, contentOf(await wholeOf(found)));
}
