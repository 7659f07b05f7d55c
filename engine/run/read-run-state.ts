/**
 * Reads the state of a run, whatever of it is whole: its checkpoint where that is as new as the journal, else the
 * journal, else a checkpoint that has no journal any more.
 */
import { join } from 'node:path';
import { readJournal } from '../core/journal-line.ts';
import { RunState, type RunStateDocument, recordSchema, runStateSchema } from '../core/run-state.ts';
import type { Disk } from '../io/disk.ts';
import { journalName, runStateName } from './run-journal.ts';

export interface ReadState {
  readonly document: RunStateDocument;
  /** Lines of the journal that were cut off or damaged, and are made up for by the others. */
  readonly damagedLines: number;
  readonly from: 'checkpoint' | 'journal';
}

/** @returns undefined if nothing of a state is there or legible */
export async function readRunState(disk: Disk, folder: string): Promise<ReadState | undefined> {
  const checkpoint = parseCheckpoint(await textOf(disk, join(folder, runStateName)));
  const path = join(folder, journalName);
  const journalBytes = (await disk.sizeOf(path)) ?? 0;
  if (checkpoint && (journalBytes === 0 || checkpoint.checkpoints.journal_bytes === journalBytes))
    return { document: checkpoint, damagedLines: 0, from: 'checkpoint' };
  const replayed = replay((await textOf(disk, path)) ?? '');
  if (replayed.state.run) {
    const at = { journal_bytes: journalBytes, written_at: replayed.lastAt };
    return { document: replayed.state.document(at), damagedLines: replayed.damaged, from: 'journal' };
  }
  return checkpoint && { document: checkpoint, damagedLines: replayed.damaged, from: 'checkpoint' };
}

function replay(text: string): { state: RunState; damaged: number; lastAt: string } {
  const state = new RunState();
  const { records, damaged } = readJournal(text);
  let [strange, lastAt] = [0, ''];
  for (const value of records) {
    const parsed = recordSchema.safeParse(value);
    if (!parsed.success) strange += 1;
    else {
      state.apply(parsed.data);
      lastAt = parsed.data.at;
    }
  }
  return { state, damaged: damaged + strange, lastAt };
}

function parseCheckpoint(text: string | undefined): RunStateDocument | undefined {
  try {
    return runStateSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined; // Not there, or not whole: the journal says the same.
  }
}

async function textOf(disk: Disk, path: string): Promise<string | undefined> {
  const bytes = await disk.read(path).catch(() => undefined); // Unreadable is as good as not there.
  return bytes && Buffer.from(bytes).toString('utf8');
}
