/**
 * Reads the state of a run, whatever of it is whole: its checkpoint where that is as new as the journal, else the
 * journal, else a checkpoint that has no journal any more.
 */
import { join } from 'node:path';
import { replayJournal } from '../core/replay-journal.ts';
import { type RunStateDocument, runStateSchema } from '../core/run-state.ts';
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
  const { state, damagedLines, lastAt } = replayJournal((await textOf(disk, path)) ?? '');
  if (state) {
    const at = { journal_bytes: journalBytes, written_at: lastAt };
    return { document: state.document(at), damagedLines, from: 'journal' };
  }
  return checkpoint && { document: checkpoint, damagedLines, from: 'checkpoint' };
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
